import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { openPredictionLog, type PredictionRecord } from "./prediction-log.ts";

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "movies-log-"));
  path = join(folder, "logs", "predictions.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

function record(number: number): PredictionRecord {
  return {
    predictionId: `p-${number}`,
    at: "2026-01-01T00:00:00.000Z",
    releaseId: "r",
    modelVersion: "m",
    request: { title: "Amélie" },
    features: { year: null },
    rating: number,
  };
}

function open(options: { maxFileBytes?: number; fileCount?: number; maxQueuedBytes?: number } = {}) {
  const seen = { dropped: 0, failures: [] as unknown[] };
  const log = openPredictionLog({
    path,
    ...options,
    onDropped: (count) => (seen.dropped += count),
    onFailure: (cause) => seen.failures.push(cause),
  });
  return { log, seen };
}

async function numbersIn(file: string): Promise<number[]> {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as PredictionRecord).rating);
}

test("closing writes what waits; the folder is made; lines keep their order", async () => {
  const { log, seen } = open();
  for (let number = 0; number < 5000; number += 1) log.append(record(number));
  await log.close();
  expect(await numbersIn(path)).toEqual(Array.from({ length: 5000 }, (_, number) => number));
  expect(JSON.parse((await readFile(path, "utf8")).split("\n", 1)[0] ?? "")).toEqual(record(0));
  expect(seen).toEqual({ dropped: 0, failures: [] });
});

test("a file that is full is rotated, the oldest dropped, none over its size", async () => {
  const lineBytes = Buffer.byteLength(`${JSON.stringify(record(10))}\n`);
  const { log } = open({ maxFileBytes: 10 * lineBytes, fileCount: 3 });
  for (let number = 10; number < 65; number += 1) log.append(record(number));
  await log.close();
  const files = (await readdir(join(folder, "logs"))).toSorted();
  expect(files).toEqual(["predictions.jsonl", "predictions.jsonl.1", "predictions.jsonl.2"]);
  expect(await numbersIn(path)).toEqual([60, 61, 62, 63, 64]);
  expect(await numbersIn(`${path}.1`)).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
  expect(await numbersIn(`${path}.2`)).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49]);
  for (const file of files) expect((await stat(join(folder, "logs", file))).size).toBeLessThanOrEqual(10 * lineBytes);
});

test("a new process goes on in the same file, and a line that a killed one left half written stays apart", async () => {
  const first = open().log;
  first.append(record(1));
  await first.close();
  await appendFile(path, '{"predictionId":"p-ha');
  const second = open().log;
  second.append(record(2));
  await second.close();
  const lines = (await readFile(path, "utf8")).split("\n");
  expect(lines.map((line) => line.slice(0, 24))).toEqual([
    '{"predictionId":"p-1","a',
    '{"predictionId":"p-ha',
    '{"predictionId":"p-2","a',
    "",
  ]);
});

test("lines beyond the queue's bound are dropped and counted, the others written", async () => {
  const lineBytes = Buffer.byteLength(`${JSON.stringify(record(1))}\n`);
  const { log, seen } = open({ maxQueuedBytes: 3 * lineBytes });
  for (let number = 1; number <= 8; number += 1) log.append(record(number));
  await log.close();
  expect(await numbersIn(path)).toEqual([1, 2, 3]);
  expect(seen.dropped).toBe(5);
});

test("a log that can't be written costs a warning and a count, and is tried again", async () => {
  await writeFile(join(folder, "logs"), "a file where the folder should be");
  const { log, seen } = open();
  log.append(record(1));
  await expect.poll(() => seen.dropped).toBe(1);
  expect(seen.failures).toHaveLength(1);
  await rm(join(folder, "logs"));
  log.append(record(2));
  await log.close();
  expect(await numbersIn(path)).toEqual([2]);
  expect(seen.dropped).toBe(1);
});

test("lines that come after closing are dropped and counted", async () => {
  const { log, seen } = open();
  await log.close();
  log.append(record(1));
  await log.close();
  expect(seen.dropped).toBe(1);
});

test("two processes that share a log rotate it once", async () => {
  const lineBytes = Buffer.byteLength(`${JSON.stringify(record(1))}\n`);
  const { log } = open({ maxFileBytes: 2 * lineBytes });
  log.append(record(1));
  log.append(record(2));
  await expect.poll(() => numbersIn(path).catch(() => [])).toEqual([1, 2]);
  await rename(path, `${path}.1`);
  await mkdir(join(folder, "logs"), { recursive: true });
  await writeFile(path, `${JSON.stringify(record(3))}\n`);
  log.append(record(4));
  await log.close();
  expect(await numbersIn(`${path}.1`)).toEqual([1, 2]);
  expect(await numbersIn(path)).toEqual([3, 4]);
});
