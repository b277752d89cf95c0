import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { problem, ProblemError } from "../../../../base/problem.ts";
import type { Target } from "../../../../deployment/target.ts";
import { FakeWorld } from "../../../../deployment/testing/fake-world.ts";
import { encodeFrame, readFrames } from "../frames.ts";
import { SILENCE_LIMIT_MS, type AgentAnswer } from "../wire.ts";
import { serveAgent } from "./serve-agent.ts";

const GREETING = { name: "production", options: {}, configuration: {} };

let root: string;
let world: FakeWorld;
let input: PassThrough;
let output: PassThrough;
let served: Promise<void>;
let isSilent: boolean;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "greenlight-agent-"));
  world = new FakeWorld();
  [input, output, isSilent] = [new PassThrough(), new PassThrough(), false];
});

afterEach(async () => {
  vi.useRealTimers();
  input.end();
  await served.catch(() => {});
  rmSync(root, { recursive: true, force: true });
});

function serve(target: Target = world.target("agent")): void {
  served = serveAgent({
    root,
    input,
    write: async (bytes) => void output.write(bytes),
    connect: () => target,
    keeperUnit: () => Promise.reject(new Error("no unit in this test")),
    onSilence: () => {
      isSilent = true;
    },
  });
}

let lastId = 0;
async function ask(call: string, ...args: readonly unknown[]): Promise<AgentAnswer> {
  lastId += 1;
  const id = lastId;
  input.write(encodeFrame({ id, call, args }));
  for await (const { head } of readFrames(output.iterator({ destroyOnReturn: false }))) {
    const answer = head as unknown as AgentAnswer;
    if (answer.id === id) return answer;
  }
  throw new Error("no answer");
}

test("passes calls on, problems and bugs apart, and nothing that is not a call", async () => {
  serve({
    ...world.target("agent"),
    start: () => Promise.reject(new ProblemError([problem("PORT_TAKEN", { place: "port 1", message: "in use" })])),
    prune: () => Promise.reject(new Error("a bug")),
  });
  expect((await ask("greet", GREETING)).value).toEqual({ pid: process.pid });
  expect((await ask("observe")).value).toMatchObject({ isKnown: false });
  expect(await ask("start", 1)).toMatchObject({ problems: [{ code: "PORT_TAKEN" }] });
  expect((await ask("prune", [])).bug).toContain("a bug");
  for (const call of ["constructor", "url", "__proto__", "exec"]) {
    expect((await ask(call)).bug).toContain("there is no call");
  }
});

test("tells with each answer which leases were lost", async () => {
  serve();
  await ask("greet", GREETING);
  const holder = { deploymentId: "d", who: "kim", runId: "r" };
  expect(await ask("takeLease", holder, { isForced: false })).toMatchObject({
    value: { isTaken: true, epoch: 1 },
    lostEpochs: [],
  });
  await world.target("other").takeLease(holder, { isForced: true });
  expect((await ask("ping")).lostEpochs).toEqual([1]);
});

test("refuses a call before the greeting, and digests that are none", async () => {
  serve();
  input.write(encodeFrame({ id: 1, call: "observe", args: [] }));
  await expect(served).rejects.toThrow("no greeting");
  input = new PassThrough();
  serve();
  await ask("greet", GREETING);
  const piece = { digest: "../../etc/passwd", sizeBytes: 1, offset: 0, isLast: true };
  expect((await ask("put", piece)).bug).toContain("not a digest");
  expect((await ask("missing", [piece])).bug).toContain("not a digest");
});

test("notices when nothing is heard any more", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  serve();
  await vi.advanceTimersByTimeAsync(SILENCE_LIMIT_MS - 1000);
  input.write(encodeFrame({ id: 1, call: "greet", args: [GREETING] }));
  await new Promise((resolve) => setImmediate(resolve));
  await vi.advanceTimersByTimeAsync(SILENCE_LIMIT_MS - 1000);
  expect(isSilent).toBe(false);
  await vi.advanceTimersByTimeAsync(2000);
  expect(isSilent).toBe(true);
});
