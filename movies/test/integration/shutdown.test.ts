import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { syntheticFilms } from "../../src/model/testing/synthetic-films.ts";
import { trainSmallModel, type SmallModel } from "../../src/model/testing/train-small-model.ts";
import { openConnection } from "./testing/kept-connection.ts";
import { spawnApi, startApi } from "./testing/running-api.ts";

let small: SmallModel;
beforeAll(async () => {
  small = await trainSmallModel();
});
afterAll(() => small[Symbol.asyncDispose]());

const BATCH = JSON.stringify({ films: syntheticFilms(200, 3).map((film) => film.facts) });
const FILM = '{"title":"M"}';

test.each(["SIGTERM", "SIGINT"] as const)("%s under load drops no request and ends with 0", async (signal) => {
  await using api = await startApi({ MODEL_PATH: small.path });
  let answered = 0;
  // Each client goes on over its one connection until it is told that this answer is the last.
  const clients = Array.from({ length: 8 }, async (_, index) => {
    const connection = openConnection(api.url);
    try {
      for (;;) {
        const isBatch = index % 2 === 0;
        const answer = await connection.post(isBatch ? "/predict/batch" : "/predict", isBatch ? BATCH : FILM);
        expect(answer.status).toBe(200);
        JSON.parse(answer.body);
        answered += 1;
        if (answer.isLast) return;
        if (!isBatch) await delay(5);
      }
    } finally {
      connection.close();
    }
  });
  await expect.poll(() => answered, { interval: 10 }).toBeGreaterThan(40);
  api.process.kill(signal);
  await Promise.all(clients);
  expect(await api.exited).toEqual({ status: 0, signal: null });
  expect(api.output()).toContain('"cutCount":0');
});

test("/ready answers 503 between the signal and the end, while predictions still work", async () => {
  await using api = await startApi({ MODEL_PATH: small.path });
  const connection = openConnection(api.url);
  const probe = openConnection(api.url);
  await connection.post("/predict", FILM);
  await probe.post("/predict", FILM);
  api.process.kill("SIGTERM");
  await expect.poll(async () => (await fetch(`${api.url}/ready`)).status, { interval: 5 }).toBe(503);
  expect((await probe.post("/predict", FILM)).status).toBe(200);
  connection.close();
  probe.close();
  expect((await api.exited).status).toBe(0);
});

test("an idle connection does not hold up the end", async () => {
  await using api = await startApi({ MODEL_PATH: small.path });
  const connection = openConnection(api.url);
  await connection.post("/predict", FILM);
  const startedMs = performance.now();
  api.process.kill("SIGTERM");
  expect((await api.exited).status).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(3000);
  connection.close();
});

test("a start with wrong settings prints them all and ends with 2", async () => {
  await using api = spawnApi({ PORT: "eighty", RELEASE_ID: "a b", MODEL_PATH: "/no/such/model.json" });
  expect(await api.exited).toEqual({ status: 2, signal: null });
  const codes = [...api.output().matchAll(/^([A-Z_]+): (\S+)/gm)].map(([, code, place]) => `${code} ${place}`);
  expect(codes).toEqual(["SETTING_INVALID PORT:", "SETTING_INVALID RELEASE_ID:", "MODEL_MISSING MODEL_PATH"]);
  expect(api.output().match(/^ {2}remedy: /gm)).toHaveLength(3);
});

test("a taken port ends the second service with 2 and leaves the first alone", async () => {
  await using first = await startApi({ MODEL_PATH: small.path });
  const { port } = new URL(first.url);
  await using second = spawnApi({ PORT: port, MODEL_PATH: small.path });
  expect((await second.exited).status).toBe(2);
  expect(second.output()).toContain(`PORT_TAKEN: 127.0.0.1:${port}`);
  expect((await fetch(`${first.url}/ready`)).status).toBe(200);
});
