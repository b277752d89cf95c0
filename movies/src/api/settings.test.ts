import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { readSettings } from "./settings.ts";

let folder = "";
let modelPath = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "movies-settings-"));
  modelPath = join(folder, "model.json");
  await writeFile(modelPath, "{}");
});
afterAll(() => rm(folder, { recursive: true }));

async function problemsOf(env: Record<string, string>) {
  const reading = await readSettings({ MODEL_PATH: modelPath, ...env });
  return reading.ok ? [] : reading.problems;
}

test("unset and empty variables get the defaults", async () => {
  expect(await readSettings({ MODEL_PATH: modelPath, PORT: "", PREDICTION_LOG: "" })).toEqual({
    ok: true,
    settings: {
      host: "127.0.0.1",
      port: 8000,
      releaseId: "development",
      modelPath,
      predictionLogPath: null,
      logLevel: "info",
    },
  });
});

test("a slot's variables are taken over, localhost as an address", async () => {
  const env = {
    HOST: "localhost",
    PORT: "0",
    RELEASE_ID: "r-2026.01+a/b",
    PREDICTION_LOG: "log/p.jsonl",
    LOG_LEVEL: "warn",
  };
  const reading = await readSettings({ ...env, MODEL_PATH: modelPath });
  expect(reading).toMatchObject({
    ok: true,
    settings: {
      host: "127.0.0.1",
      port: 0,
      releaseId: "r-2026.01+a/b",
      predictionLogPath: "log/p.jsonl",
      logLevel: "warn",
    },
  });
});

test("all problems are reported at once, each with code, place and remedy", async () => {
  const problems = await problemsOf({
    HOST: "no such host",
    PORT: "70000",
    RELEASE_ID: "line\nbreak",
    MODEL_PATH: join(folder, "missing.json"),
    PREDICTION_LOG: "logs/",
    LOG_LEVEL: "loud",
  });
  expect(problems.map(({ code, place }) => `${code} ${place}`)).toEqual([
    "SETTING_INVALID HOST",
    "SETTING_INVALID PORT",
    "SETTING_INVALID RELEASE_ID",
    "SETTING_INVALID LOG_LEVEL",
    "SETTING_INVALID PREDICTION_LOG",
    `MODEL_MISSING MODEL_PATH ${join(folder, "missing.json")}`,
  ]);
  for (const { remedy, message } of problems) expect(`${remedy} ${message}`.length).toBeGreaterThan(20);
});

test.each(["-1", "80.5", "1e3", "0x50", "eighty", " 80"])("PORT=%j is refused", async (PORT) => {
  expect((await problemsOf({ PORT })).map(({ place }) => place)).toEqual(["PORT"]);
});

test("a folder is no model", async () => {
  expect(await problemsOf({ MODEL_PATH: folder })).toMatchObject([{ code: "MODEL_MISSING", message: "is not a file" }]);
});
