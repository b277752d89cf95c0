import { tmpdir } from "node:os";

import { describe, expect, test } from "vitest";

import { err, ok } from "../../base/result.ts";
import type { ReplayRequest } from "../../deployment/gates/replay-plan.ts";
import { waitUntil } from "../../keeper/testing/wait-until.ts";
import { offlineScorer, readAnswers, type OfflineScorerOptions } from "./offline-scorer.ts";

function score(run: string, change: Partial<OfflineScorerOptions> = {}, count = 1, signal?: AbortSignal) {
  const requests = Array.from({ length: count }, (_, index): ReplayRequest => ({
    id: String(index + 1),
    method: "POST",
    path: "/predict",
    headers: {},
    body: '{"film":1}',
    recorded: null,
    deploymentId: null,
  }));
  const scorer = offlineScorer({
    run,
    timeoutMs: 10_000,
    projectFolder: tmpdir(),
    env: process.env,
    modelPath: () => ok("/models/m.json"),
    log: () => {},
    ...change,
  });
  return scorer(requests, signal ?? new AbortController().signal);
}

const ECHO = `node -e 'for (const line of require("fs").readFileSync(0, "utf8").split("\\n")) {
  if (line) { const { id, ...asked } = JSON.parse(line); console.log(JSON.stringify({ id, body: { ...asked, model: process.env.MODEL_PATH } })) }
}'`;

describe("the offline model as a program", () => {
  test("gets each request as a line with its body as JSON, and where the model is", async () => {
    const scored = await score(ECHO, {}, 2);
    expect(scored.ok && [...scored.value.keys()]).toEqual(["1", "2"]);
    expect(scored.ok && scored.value.get("1")).toEqual({
      status: 200,
      body: { method: "POST", path: "/predict", body: { film: 1 }, model: "/models/m.json" },
      isSubset: true,
      isRedacted: false,
    });
  });

  test.each([
    ["sleep 100", "did not end within 300 ms"],
    ["exit 3", "ended with status 3"],
    ["kill -9 $$", "was ended by SIGKILL"],
    ["echo nonsense", "line 1 of the offline model is no JSON object"],
    ["no-such-program-here", "ended with status 127"],
  ])("is not believed when it does `%s`", async (run, why) => {
    const scored = await score(run, { timeoutMs: run === "sleep 100" ? 300 : 10_000 });
    expect(scored.ok ? "" : scored.error).toContain(why);
  });

  test("that does not read its input is fine, as long as it answers", async () => {
    expect((await score(`echo '{"id":"1","body":1}'`, {}, 10_000)).ok).toBe(true);
  });

  test("is ended with all that it started, when it is cancelled", async () => {
    const controller = new AbortController();
    let pid = 0;
    const running = score(
      "sleep 100 & echo $! >&2; wait",
      { log: (line) => void (pid = Number(line.split(" ")[1])) },
      1,
      controller.signal,
    );
    setTimeout(() => controller.abort(), 300);
    expect(await running).toEqual(err("the offline model was cancelled: sleep 100 & echo $! >&2; wait"));
    expect(pid).toBeGreaterThan(0);
    await waitUntil("it is gone", () => {
      try {
        process.kill(pid, 0);
        return null;
      } catch {
        return true;
      }
    });
  });

  test("without its model scores nothing", async () => {
    expect(await score(ECHO, { modelPath: () => err("no model here") })).toEqual(err("no model here"));
  });
});

describe("an answer of the offline model", () => {
  test.each([
    ['{"body":1}', 'has no "id"'],
    ['{"id":"1"}', 'has no "body"'],
    ['{"id":"1","status":"ok","body":1}', 'has a "status" that is none'],
    ['{"id":"1","body":1}\n{"id":"1","body":2}', "answers request 1 once more"],
    ["[]", "is no JSON object"],
  ])("%j is none", (text, why) => {
    const read = readAnswers(text);
    expect(read.ok ? "" : read.error).toContain(why);
  });

  test("may be a status alone, when it is not 200", () => {
    const read = readAnswers('\n{"id":"1","status":422}\n');
    expect(read.ok && read.value.get("1")).toMatchObject({ status: 422, body: undefined });
  });
});
