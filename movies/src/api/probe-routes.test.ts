import { afterAll, expect, test } from "vitest";

import { buildTestApi } from "./testing/test-api.ts";

const { app } = buildTestApi();
afterAll(() => app.close());

test("/health answers as long as the process lives, also while draining", async () => {
  const draining = buildTestApi(null);
  draining.state.isDraining = true;
  const answer = await draining.app.inject("/health");
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ status: "alive", releaseId: "r-test" });
  await draining.app.close();
});

test("/ready is 503 without a model, 200 with it, and 503 again while draining", async () => {
  const { app: slot, state } = buildTestApi(null);
  const starting = await slot.inject("/ready");
  expect([starting.statusCode, starting.json()]).toEqual([
    503,
    { status: "starting", releaseId: "r-test", modelVersion: null },
  ]);
  const loaded = buildTestApi().state.predictor;
  state.predictor = loaded;
  const ready = await slot.inject("/ready");
  expect([ready.statusCode, ready.json()]).toEqual([
    200,
    { status: "ready", releaseId: "r-test", modelVersion: "0123456789ab" },
  ]);
  expect(ready.headers["connection"]).not.toBe("close");
  state.isDraining = true;
  const draining = await slot.inject("/ready");
  expect([draining.statusCode, draining.json().status, draining.headers["connection"]]).toEqual([
    503,
    "draining",
    "close",
  ]);
  await slot.close();
});

test("a draining service still predicts, and tells the client to leave", async () => {
  const { app: slot, state } = buildTestApi();
  state.isDraining = true;
  const answer = await slot.inject({ method: "POST", url: "/predict", payload: { title: "M" } });
  expect([answer.statusCode, answer.headers["connection"]]).toEqual([200, "close"]);
  await slot.close();
});

test("/model/info tells the model's version, features and training data, and 503 before it is loaded", async () => {
  const answer = await app.inject("/model/info");
  expect(answer.json()).toMatchObject({
    releaseId: "r-test",
    modelVersion: "0123456789ab",
    algorithm: "plain",
    features: ["runningTimeMin", "year"],
  });
  const starting = buildTestApi(null);
  expect((await starting.app.inject("/model/info")).statusCode).toBe(503);
  await starting.app.close();
});

test("/metrics counts requests, predictions, ratings and invalid fields under labels that callers can't multiply", async () => {
  const { app: fresh, metrics } = buildTestApi();
  metrics.setBuild({ releaseId: "r-test", modelVersion: "0123456789ab" });
  const post = (url: string, payload: object) => fresh.inject({ method: "POST", url, payload });
  await post("/predict", { title: "M" });
  await post("/predict/batch", { films: [{ title: "M" }, { title: "N" }] });
  await post("/predict", { film: { title: "M", productionBudget: 1 } });
  await post("/predict", { title: "M", invented1: 1, invented2: 2 });
  await post("/predict", { features: { invented: 1 } });
  await fresh.inject("/no/such/path");
  const answer = await fresh.inject("/metrics");
  expect(answer.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = answer.body.split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      'predictions_total{route="/predict"} 1',
      'predictions_total{route="/predict/batch"} 2',
      "prediction_rating_count 3",
      "prediction_rating_sum 15",
      "prediction_duration_seconds_count 3",
      'validation_errors_total{field="productionBudget"} 1',
      'validation_errors_total{field="(unknown)"} 2',
      'validation_errors_total{field="features"} 1',
      'api_request_duration_seconds_count{route="/predict",method="POST",status="200"} 1',
      'api_request_duration_seconds_count{route="/predict",method="POST",status="400"} 3',
      'api_request_duration_seconds_count{route="(unknown)",method="GET",status="404"} 1',
      `movies_build_info{release_id="r-test",model_version="0123456789ab",node_version="${process.version}"} 1`,
    ]),
  );
  expect(answer.body).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect(answer.body).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  await fresh.close();
});
