import { afterAll, beforeAll, expect, test } from "vitest";

import { predictorOf } from "../../src/model/predictor.ts";
import { syntheticFilms } from "../../src/model/testing/synthetic-films.ts";
import { trainSmallModel, type SmallModel } from "../../src/model/testing/train-small-model.ts";
import { startApi, type RunningApi } from "./testing/running-api.ts";

interface Answer {
  readonly rating: number;
  readonly predictionId: string;
  readonly releaseId: string;
  readonly modelVersion: string;
}

const films = syntheticFilms(40, 7).map((film) => film.facts);
let small: SmallModel;
let api: RunningApi;
beforeAll(async () => {
  small = await trainSmallModel();
  api = await startApi({ MODEL_PATH: small.path, RELEASE_ID: "r-42" });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await small[Symbol.asyncDispose]();
});

function post(path: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(api.url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

test("the first line that it prints names the bound address", () => {
  expect(JSON.parse(api.output().split("\n", 1)[0] ?? "")).toMatchObject({ msg: `listening on ${api.url}` });
});

test("served ratings are those of the model offline, by film, by features and in a batch", async () => {
  const offline = predictorOf(small.model);
  const batch = (await (await post("/predict/batch", { films })).json()) as { predictions: Answer[] };
  for (const [index, film] of films.entries()) {
    const expected = offline.predictRating(film);
    const single = (await (await post("/predict", film)).json()) as Answer;
    const movie = (await (await post("/predict/movie", film)).json()) as Answer;
    const byFeatures = (await (await post("/predict", { features: expected.features })).json()) as Answer;
    const ratings = [single, movie, byFeatures, batch.predictions[index]].map((answer) => answer?.rating);
    expect(ratings).toEqual(Array.from({ length: 4 }, () => expected.rating));
  }
  expect(new Set(batch.predictions.map((each) => each.rating)).size).toBeGreaterThan(3);
});

test("every answer carries release, model and prediction id, in body and headers", async () => {
  const answer = await post("/predict", { title: "M" });
  const body = (await answer.json()) as Answer;
  expect(body).toMatchObject({ releaseId: "r-42", modelVersion: small.model.version });
  expect(answer.headers.get("x-prediction-id")).toBe(body.predictionId);
  expect(answer.headers.get("x-release-id")).toBe("r-42");
});

test.each([
  ["/health", { status: "alive", releaseId: "r-42" }],
  ["/ready", { status: "ready", releaseId: "r-42" }],
  ["/model/info", { releaseId: "r-42", algorithm: "histogram-gradient-boosting", featureSet: "A" }],
])("GET %s", async (path, expected) => {
  const answer = await fetch(api.url + path);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject(expected);
});

test("GET /metrics counts what was predicted", async () => {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  expect(text).toMatch(/^predictions_total\{route="\/predict\/batch"\} 40$/m);
  expect(text).toContain(`movies_build_info{release_id="r-42",model_version="${small.model.version}"`);
});

test("GET /docs shows a page and GET /docs/json every route", async () => {
  const page = await fetch(`${api.url}/docs`);
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  const document = (await (await fetch(`${api.url}/docs/json`)).json()) as { openapi: string; paths: object };
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths).toSorted()).toEqual([
    "/health",
    "/metrics",
    "/model/info",
    "/predict",
    "/predict/batch",
    "/predict/movie",
    "/ready",
  ]);
});

test("a bad film gets 400 with each field named", async () => {
  const answer = await post("/predict/movie", { title: "X", productionBudget: -1, director: 7 });
  expect(answer.status).toBe(400);
  const { error } = (await answer.json()) as { error: { fields: { field: string }[] } };
  expect(error.fields.map((each) => each.field)).toEqual(["productionBudget", "director"]);
});
