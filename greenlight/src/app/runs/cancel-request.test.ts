import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { ownIdentity, processStartTime, type ProcessIdentity } from "../../base/process-identity.ts";
import { readCancelRequest, requestCancel } from "./cancel-request.ts";

const ASKED = { by: "ann", why: "wrong branch" };

let folder: string;
let child: ChildProcess | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-cancel-"));
  child = null;
});

afterEach(async () => {
  if (child !== null && child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "close");
  }
  rmSync(folder, { recursive: true, force: true });
});

/** A process that counts the signals it gets. */
async function startEngine(): Promise<{ readonly engine: ProcessIdentity; readonly signals: () => number }> {
  const script = `process.on("SIGTERM", () => console.log("TERM")); console.log("up"); setInterval(() => {}, 1000);`;
  const started = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  child = started;
  let text = "";
  started.stdout.on("data", (chunk) => (text += String(chunk)));
  await once(started.stdout, "data");
  const pid = started.pid ?? 0;
  const startTime = processStartTime(pid) ?? "";
  return { engine: { pid, startTime }, signals: () => text.split("TERM").length - 1 };
}

test("an engine gets one signal, however many ask, and the request is meant for it alone", async () => {
  const { engine, signals } = await startEngine();
  const answers = await Promise.all([1, 2, 3].map(() => requestCancel(folder, { id: "run1", engine }, ASKED)));
  expect(answers.toSorted()).toEqual(["asked", "asked before", "asked before"]);
  expect(await requestCancel(folder, { id: "run1", engine }, ASKED)).toBe("asked before");
  await expect.poll(signals).toBe(1);
  expect(readCancelRequest(folder, "run1")).toBeNull();
});

test("a request of before, for another engine of the same run, counts for nothing", async () => {
  expect(await requestCancel(folder, { id: "run1", engine: { pid: 1, startTime: "gone" } }, ASKED)).toBe("gone");
  const { engine, signals } = await startEngine();
  expect(await requestCancel(folder, { id: "run1", engine }, ASKED)).toBe("asked");
  await expect.poll(signals).toBe(1);
});

test("what a sender that died could not send is sent by the next one", async () => {
  const { engine, signals } = await startEngine();
  const unsent = { ...ASKED, at: "", engine, sender: { pid: 1, startTime: "gone" }, isSent: false };
  for (const text of [JSON.stringify(unsent), "{torn"]) {
    mkdirSync(join(folder, "runs/run1"), { recursive: true });
    writeFileSync(join(folder, "runs/run1/cancel-request.json"), text);
    expect(await requestCancel(folder, { id: "run1", engine }, ASKED)).toBe("asked");
  }
  await expect.poll(signals).toBe(2);
});

test("an engine reads who asked it and why", async () => {
  expect(readCancelRequest(folder, "run1")).toBeNull();
  const sent = { ...ASKED, at: "", engine: ownIdentity(), sender: ownIdentity(), isSent: true };
  mkdirSync(join(folder, "runs/run1"), { recursive: true });
  writeFileSync(join(folder, "runs/run1/cancel-request.json"), JSON.stringify(sent));
  expect(readCancelRequest(folder, "run1")).toEqual(ASKED);
  writeFileSync(join(folder, "runs/run1/cancel-request.json"), JSON.stringify({ ...sent, by: 7 }));
  expect(readCancelRequest(folder, "run1")).toBeNull();
  expect(readFileSync(join(folder, "runs/run1/cancel-request.json"), "utf8")).toContain('"by":7');
});
