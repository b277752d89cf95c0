import { existsSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime } from "../base/process-identity.ts";
import { step } from "../pipeline/define.ts";
import { Rig } from "./testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

describe("a failure stops what depends on it and nothing else", () => {
  test("siblings finish, dependents and later stages are skipped with the reason, `finally` runs", async () => {
    const bad = step("bad", { run: "echo broken film; exit 3", inputs: [] });
    const needs = step("needs bad", { run: "true", inputs: [], needs: { bad } });
    const sibling = step("sibling", { run: "true", inputs: [] });
    const later = step("later", { run: "true", inputs: [] });
    const last = step("last", { run: "echo x >> count-last", inputs: [] });
    const run = await rig.run({ one: [bad, needs, sibling], two: [later] }, { finally: [last] });
    expect(run.view.outcome).toBe("failed");
    expect(run.step("bad").problems[0]?.message).toContain("broken film");
    expect(run.step("needs bad")).toMatchObject({ outcome: "skipped", why: 'it needs "bad", which ended as failed' });
    expect(run.step("sibling").outcome).toBe("passed");
    expect(run.step("later")).toMatchObject({ outcome: "skipped", why: "stage one did not pass" });
    expect(rig.countOf("last")).toBe(1);
  });

  test("a command that does not exist fails with its message", async () => {
    const run = await rig.run({ one: [step("gone", { run: "no-such-tool-here", inputs: [] })] });
    expect(run.step("gone").problems[0]?.message).toMatch(/exited with 127[\s\S]*not found/u);
  });

  test("a step that takes too long is ended and told", async () => {
    const slow = step("slow", { run: "sleep 60", inputs: [], timeoutMs: 200 });
    const run = await rig.run({ one: [slow] });
    expect(run.step("slow")).toMatchObject({ outcome: "failed" });
    expect(run.step("slow").problems[0]?.code).toBe("STEP_TIMEOUT");
  });
});

describe("a cancelled run leaves nothing behind", () => {
  test("the whole process group ends, also what ignores TERM, and the record says cancelled", async () => {
    const controller = new AbortController();
    const stubborn = step("stubborn", {
      run: "trap '' TERM; sleep 300 & echo $! > pids; echo $$ >> pids; wait; sleep 300",
      inputs: [],
    });
    const after = step("after", { run: "true", inputs: [] });
    const running = rig.run({ one: [stubborn], two: [after] }, { signal: controller.signal });
    await expect.poll(() => existsSync(join(rig.folder, "pids")) && rig.read("pids").trim().split("\n").length).toBe(2);
    controller.abort();
    const run = await running;
    expect(run.view.outcome).toBe("cancelled");
    expect(run.step("stubborn").outcome).toBe("cancelled");
    expect(run.step("after").outcome).toBe("cancelled");
    expect(run.events.at(-1)).toMatchObject({ type: "run-ended", outcome: "cancelled" });
    for (const pid of rig.read("pids").trim().split("\n"))
      await expect.poll(() => processStartTime(Number(pid))).toBeNull();
  });

  test("a child in a session of its own does not hold the step up", async () => {
    const daemon = step("daemon", {
      run: "setsid sh -c 'echo $$ > pid; exec sleep 60' & while [ ! -s pid ]; do :; done",
      inputs: [],
    });
    const startedAt = performance.now();
    try {
      expect((await rig.run({ one: [daemon] })).step("daemon").outcome).toBe("passed");
      expect(performance.now() - startedAt).toBeLessThan(20_000);
    } finally {
      process.kill(Number(rig.read("pid")), "SIGKILL");
    }
  });

  test("a background process of a passed step does not outlive it", async () => {
    const leaky = step("leaky", { run: "sleep 300 & echo $! > pid", inputs: [] });
    expect((await rig.run({ one: [leaky] })).step("leaky").outcome).toBe("passed");
    await expect.poll(() => processStartTime(Number(rig.read("pid")))).toBeNull();
  });
});
