import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { trainSmallModel, type SmallModel } from "../model/testing/train-small-model.ts";
import { serve } from "./serve.ts";
import { startService } from "./service.ts";
import type { Settings } from "./settings.ts";
import { StartError } from "./start-problem.ts";

let folder = "";
let small: SmallModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "movies-service-"));
  small = await trainSmallModel();
});
afterAll(async () => {
  await small[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function settings(changes: Partial<Settings> = {}): Settings {
  return {
    host: "127.0.0.1",
    port: 0,
    releaseId: "r-1",
    modelPath: small.path,
    predictionLogPath: null,
    logLevel: "silent",
    ...changes,
  };
}

async function predict(url: string): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(`${url}/predict`, { method: "POST", headers, body: '{"title":"M"}' });
}

async function startProblems(changes: Partial<Settings>) {
  const started = startService(settings(changes));
  const cause = await started.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(cause).toBeInstanceOf(StartError);
  return cause instanceof StartError ? cause.problems : [];
}

test("a service with a trained model predicts, logs, and stops without cutting anybody", async () => {
  const predictionLogPath = join(folder, "predictions.jsonl");
  const service = await startService(settings({ predictionLogPath }), { lingerMs: 50, deadlineMs: 5000 });
  const answer = (await (await predict(service.url)).json()) as { rating: number; predictionId: string };
  expect(answer).toMatchObject({ releaseId: "r-1", modelVersion: small.model.version });
  expect(await service.stop()).toBe(0);
  const line = JSON.parse(await readFile(predictionLogPath, "utf8")) as unknown;
  expect(line).toMatchObject({ predictionId: answer.predictionId, rating: answer.rating });
  await expect(predict(service.url)).rejects.toThrow("fetch failed");
});

test("a log that can't be written is counted and costs no answer", async () => {
  const notAFolder = join(folder, "file");
  await writeFile(notAFolder, "");
  const service = await startService(settings({ predictionLogPath: join(notAFolder, "log") }));
  expect((await predict(service.url)).status).toBe(200);
  expect((await predict(service.url)).status).toBe(200);
  await expect
    .poll(async () => (await fetch(`${service.url}/metrics`)).text())
    .toMatch(/^prediction_log_dropped_total 2$/m);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/^prediction_log_write_failures_total [12]$/m);
  await service.stop();
});

test("a request that outlasts the deadline is cut and counted", async () => {
  const service = await startService(settings(), { lingerMs: 0, deadlineMs: 100 });
  const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => undefined);
  socket.write("POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{");
  // An answer on a second connection shows that the first request has been taken up.
  await predict(service.url);
  expect(await service.stop()).toBeGreaterThan(0);
  if (!socket.closed) await once(socket, "close");
});

describe("a start that fails names its cause and leaves nothing listening", () => {
  test("a taken port", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    expect(await startProblems({ port })).toMatchObject([{ code: "PORT_TAKEN", place: `127.0.0.1:${port}` }]);
    other.close();
  });

  test("an address of another machine", async () => {
    const problems = await startProblems({ host: "192.0.2.1" });
    expect(problems).toMatchObject([{ code: "ADDRESS_UNAVAILABLE", place: "192.0.2.1:0" }]);
  });

  test("a file that is no model", async () => {
    const modelPath = join(folder, "broken.json");
    await writeFile(modelPath, "{");
    expect(await startProblems({ modelPath })).toEqual([
      { code: "MODEL_INVALID", place: modelPath, message: "not JSON", remedy: "train the model again" },
    ]);
  });
});

describe("serving", () => {
  test("ends with 0 after a signal", async () => {
    const { status, printed } = play({});
    expect([await status, printed]).toEqual([0, []]);
  });

  test("ends with 2 and prints every wrong setting with its remedy", async () => {
    const { status, printed } = play({ PORT: "x", HOST: "y" });
    expect(await status).toBe(2);
    expect(printed).toHaveLength(2);
    expect(printed[0]).toMatch(/^SETTING_INVALID: HOST: .*\n {2}remedy: set HOST to .*\n$/);
  });

  test("ends with 2 when the model is damaged", async () => {
    const path = join(folder, "damaged.json");
    await writeFile(path, JSON.stringify({ ...small.model, baseline: 9 }));
    const { status, printed } = play({ MODEL_PATH: path });
    expect(await status).toBe(2);
    expect(printed[0]).toContain(`MODEL_INVALID: ${path}: its content does not have version`);
  });
});

function play(env: Record<string, string>) {
  const printed: string[] = [];
  const host = {
    env: { PORT: "0", LOG_LEVEL: "silent", MODEL_PATH: small.path, ...env },
    printError: (text: string) => void printed.push(text),
    stopRequested: () => Promise.resolve("SIGTERM"),
  };
  return { status: serve(host), printed };
}
