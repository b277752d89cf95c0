import { afterAll, describe, expect, test } from "vitest";

import { plainPredictor } from "./testing/plain-predictor.ts";
import { buildTestApi } from "./testing/test-api.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const { app, records } = buildTestApi();
afterAll(() => app.close());

function post(url: string, body?: unknown) {
  return app.inject({ method: "POST", url, ...(body === undefined ? {} : { payload: body as object }) });
}

describe("POST /predict", () => {
  test("answers a film with rating, release, model and prediction id", async () => {
    const answer = await post("/predict", { title: "Metropolis", releaseDate: "1927-01", runningTimeMin: 153 });
    expect(answer.statusCode).toBe(200);
    const { predictionId, ...rest } = answer.json();
    expect(rest).toEqual({ rating: 5, releaseId: "r-test", modelVersion: "0123456789ab" });
    expect(predictionId).toMatch(UUID_V7);
    expect(answer.headers["x-prediction-id"]).toBe(predictionId);
    expect(answer.headers["x-release-id"]).toBe("r-test");
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
  });

  test("takes the same film wrapped, and from /predict/movie", async () => {
    const film = { title: "Metropolis", runningTimeMin: 153 };
    expect((await post("/predict", { film })).json().rating).toBe(6);
    expect((await post("/predict/movie", film)).json().rating).toBe(6);
  });

  test("takes the model's features, null and absent ones being missing", async () => {
    expect((await post("/predict", { features: { runningTimeMin: 130, year: null } })).json().rating).toBe(6);
    expect((await post("/predict", { features: { year: 1940 } })).json().rating).toBe(4);
  });

  test("refuses a feature that the model does not know, and names every bad one", async () => {
    const answer = await post("/predict", { features: { runtime: 130, year: "1940", runningTimeMin: 1 } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toMatchObject({
      code: "FEATURES_INVALID",
      fields: [
        { field: "features.runtime", problem: "is not a feature of this model" },
        { field: "features.year", problem: "expected a number or null, received a string" },
      ],
    });
  });

  test.each([
    [{ features: {} }, "features", "names no feature"],
    [{ features: [1] }, "features", "expected an object, received an array"],
    [{ features: null }, "features", "expected an object, received null"],
    [{ features: { year: 1940 }, title: "M" }, "title", 'is not known beside "features"'],
  ])("refuses the features %j", async (body, field, problem) => {
    const answer = await post("/predict", body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.fields).toEqual([{ field, problem }]);
  });

  test("names every bad field of a film, not only the first", async () => {
    const answer = await post("/predict", { productionBudget: -5, runningTimeMin: "long", budget: 1 });
    expect(answer.statusCode).toBe(400);
    const { code, fields, remedy } = answer.json().error;
    expect(code).toBe("FILM_INVALID");
    expect(remedy).toContain("/docs");
    const names = fields.map((each: { field: string }) => each.field).toSorted();
    expect(names).toEqual(["budget", "productionBudget", "runningTimeMin", "title"]);
    expect(answer.json().error.message).toMatch(/; and 1 more$/);
  });

  test("names the fields of a wrapped film with their place, and what stands beside it", async () => {
    const answer = await post("/predict", { film: { title: 7 }, note: "x" });
    const fields = answer.json().error.fields.map((each: { field: string }) => each.field);
    expect(fields).toEqual(["note", "film.title"]);
    expect((await post("/predict", { film: { title: "M" }, note: "x" })).json().error.fields).toHaveLength(1);
  });

  test.each(["/predict", "/predict/movie", "/predict/batch"])(
    "%s without a body names the missing body and keeps the connection",
    async (url) => {
      for (const headers of [{}, { "content-type": "application/json" }]) {
        const answer = await app.inject({ method: "POST", url, headers });
        expect(answer.statusCode).toBe(400);
        expect(answer.json().error).toMatchObject({ code: "BODY_MISSING", message: "the request has no body" });
        expect(answer.headers["connection"]).toBe("keep-alive");
      }
    },
  );

  test.each([["null"], ["3"], ['"M"'], ["[]"]])("refuses the body %s, which is no film", async (payload) => {
    const answer = await app.inject({
      method: "POST",
      url: "/predict",
      payload,
      headers: { "content-type": "application/json" },
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.fields[0].field).toBe("(body)");
  });

  test("names at most a hundred fields, each cut to a hundred characters", async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`${"x".repeat(200)}${index}`, 1]));
    const { fields } = (await post("/predict", { title: "M", ...many })).json().error;
    expect(fields).toHaveLength(100);
    expect(fields[0].field).toBe(`${"x".repeat(100)}…`);
  });
});

test("a mebibyte of unknown fields is refused like any other, in bounded time", async () => {
  const many = Object.fromEntries(Array.from({ length: 90_000 }, (_, index) => [`k${index}`, 1]));
  for (const [url, body] of [
    ["/predict", many],
    ["/predict", { features: many }],
    ["/predict/batch", { films: [many] }],
  ] as const) {
    const answer = await post(url, body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.fields.length).toBeLessThanOrEqual(100);
  }
});

describe("POST /predict/batch", () => {
  test("answers every film in order, each with an id of its own that its log line shares", async () => {
    const films = Array.from({ length: 120 }, (_, index) => ({ title: `Film ${index}`, runningTimeMin: 60 + index }));
    const before = records.length;
    const answer = await post("/predict/batch", { films });
    expect(answer.statusCode).toBe(200);
    const { batchId, releaseId, predictions } = answer.json();
    expect(releaseId).toBe("r-test");
    expect(predictions.map((each: { rating: number }) => each.rating)).toEqual(
      films.map((film) => (film.runningTimeMin >= 120 ? 6 : 5)),
    );
    const ids = predictions.map((each: { predictionId: string }) => each.predictionId);
    expect(new Set(ids).size).toBe(120);
    const lines = records.slice(before);
    expect(lines.map((line) => line.predictionId)).toEqual(ids);
    expect(new Set(lines.map((line) => line.batchId))).toEqual(new Set([batchId]));
  });

  test("names the index and field of every bad film and predicts none", async () => {
    const before = records.length;
    const films = [{ title: "M" }, { title: "N", productionBudget: "much" }, { title: "" }];
    const answer = await post("/predict/batch", { films });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toMatchObject({
      code: "BATCH_INVALID",
      fields: [
        { index: 1, field: "productionBudget" },
        { index: 2, field: "title" },
      ],
    });
    expect(records.length).toBe(before);
  });

  test.each([
    [{}, "received nothing"],
    [{ films: [] }, "received 0 films"],
    [{ films: "M" }, "received a string"],
    [{ films: {} }, "received an object"],
    [{ films: Array.from({ length: 1001 }, () => ({ title: "M" })) }, "received 1001 films"],
  ])("refuses a batch that is not 1 to 1000 films (%#)", async (body, found) => {
    const answer = await post("/predict/batch", body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.fields).toEqual([{ field: "films", problem: `expected 1 to 1000 films, ${found}` }]);
  });

  test("refuses a bare array and a key beside the films", async () => {
    expect((await post("/predict/batch", [{ title: "M" }])).json().error.fields[0].field).toBe("(body)");
    const answer = await post("/predict/batch", { films: [{ title: "M" }], dryRun: true });
    expect(answer.json().error.fields).toEqual([{ field: "dryRun", problem: 'is not known beside "films"' }]);
  });
});

describe("the prediction log", () => {
  test("holds what was asked, what the model saw and what was answered", async () => {
    const answer = await post("/predict", { title: " Metropolis ", releaseDate: "1927" });
    const line = records.at(-1);
    expect(line).toMatchObject({
      predictionId: answer.json().predictionId,
      releaseId: "r-test",
      modelVersion: "0123456789ab",
      request: { title: "Metropolis", releaseDate: "1927" },
      features: { runningTimeMin: null, year: 1927 },
      rating: answer.json().rating,
    });
    expect(line).not.toHaveProperty("batchId");
    await post("/predict", { features: { year: 1927 } });
    expect(records.at(-1)).toMatchObject({ request: { features: { year: 1927 } }, features: { year: 1927 } });
  });
});

test("before the model is loaded, predictions answer 503", async () => {
  const starting = buildTestApi(null);
  for (const url of ["/predict", "/predict/movie", "/predict/batch"]) {
    const answer = await starting.app.inject({ method: "POST", url, payload: { title: "M" } });
    expect(answer.statusCode).toBe(503);
    expect(answer.json().error.code).toBe("NOT_READY");
  }
  await starting.app.close();
});

test("a model that throws costs a 500 with a request id, and no word of the cause", async () => {
  const broken = buildTestApi({
    ...plainPredictor(),
    predictRating() {
      throw new Error("secret detail");
    },
  });
  const single = await broken.app.inject({ method: "POST", url: "/predict", payload: { title: "M" } });
  const batch = await broken.app.inject({
    method: "POST",
    url: "/predict/batch",
    payload: { films: [{ title: "M" }] },
  });
  for (const answer of [single, batch]) {
    expect(answer.statusCode).toBe(500);
    expect(answer.json().error).toMatchObject({ code: "INTERNAL", requestId: expect.stringMatching(/^req-/) });
    expect(answer.body).not.toMatch(/secret|prediction-service/);
  }
  await broken.app.close();
});
