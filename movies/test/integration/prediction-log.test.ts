import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { predictorOf } from "../../src/model/predictor.ts";
import { syntheticFilms } from "../../src/model/testing/synthetic-films.ts";
import { trainSmallModel, type SmallModel } from "../../src/model/testing/train-small-model.ts";
import { startApi, type RunningApi } from "./testing/running-api.ts";

const MEBIBYTE = 1024 * 1024;

interface Line {
  readonly predictionId: string;
  readonly batchId?: string;
  readonly at: string;
  readonly releaseId: string;
  readonly modelVersion: string;
  readonly request: { readonly title: string };
  readonly features: Record<string, number | null>;
  readonly rating: number;
}

let folder = "";
let small: SmallModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "movies-log-"));
  small = await trainSmallModel();
});
afterAll(async () => {
  await small[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test("the log lets every answer be given again: request, features and rating agree with the model", async () => {
  const path = join(folder, "first", "predictions.jsonl");
  const films = syntheticFilms(30, 5).map((film) => film.facts);
  const answers: { predictionId: string; rating: number }[] = [];
  {
    await using api = await startApi({ MODEL_PATH: small.path, PREDICTION_LOG: path, RELEASE_ID: "r-7" });
    for (const film of films) answers.push((await post(api, "/predict", film)) as (typeof answers)[number]);
    api.process.kill("SIGTERM");
    await api.exited;
  }
  const lines = await readLines(path);
  expect(lines.map(({ predictionId, rating }) => ({ predictionId, rating }))).toEqual(
    answers.map(({ predictionId, rating }) => ({ predictionId, rating })),
  );
  const offline = predictorOf(small.model);
  for (const line of lines) {
    expect(line).toMatchObject({ releaseId: "r-7", modelVersion: small.model.version });
    expect(new Date(line.at).toISOString()).toBe(line.at);
    expect(offline.predictRating(line.request)).toEqual({ rating: line.rating, features: line.features });
  }
});

test("the log is rotated at 16 MiB without losing a line", async () => {
  const path = join(folder, "second", "predictions.jsonl");
  const films = syntheticFilms(500, 6).map(({ facts }) =>
    Object.assign(facts, { title: facts.title.padEnd(300, "!") }),
  );
  let sent = 0;
  {
    await using api = await startApi({ MODEL_PATH: small.path, PREDICTION_LOG: path });
    while (!existsSync(`${path}.1`)) {
      expect(sent).toBeLessThan(100_000);
      await post(api, "/predict/batch", { films });
      sent += films.length;
    }
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toMatch(/^prediction_log_dropped_total 0$/m);
    api.process.kill("SIGTERM");
    await api.exited;
  }
  const full = await stat(`${path}.1`);
  expect(full.size).toBeLessThanOrEqual(16 * MEBIBYTE);
  expect(full.size).toBeGreaterThan(15 * MEBIBYTE);
  const lines = [...(await readLines(`${path}.1`)), ...(await readLines(path))];
  expect(lines).toHaveLength(sent);
  expect(new Set(lines.map((line) => line.predictionId)).size).toBe(sent);
});

async function post(api: RunningApi, route: string, body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(api.url + route, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  return answer.json();
}

async function readLines(path: string): Promise<Line[]> {
  const text = await readFile(path, "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}
