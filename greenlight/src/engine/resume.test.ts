import { rmSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { systemClock } from "../base/system-clock.ts";
import { step } from "../pipeline/define.ts";
import type { StepDefinition } from "../pipeline/definition.ts";
import type { RunEvent, StepStarted } from "./event.ts";
import { viewRun } from "./run-view.ts";
import { Rig, type RigRun } from "./testing/rig.ts";

const DAY_MS = 86_400_000;
const RESUME = { mode: "resume", by: "kim", why: "killed", again: [] } as const;
const RETRY = { ...RESUME, mode: "retry" } as const;

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

/** Copies `in/NAME` to `out/NAME` and notes in `count-NAME` that it ran; fails while its input says "bad". */
function copy(name: string, options: Partial<Parameters<typeof step>[1]> = {}): StepDefinition {
  return step(name, {
    run: `echo x >> count-${name}; mkdir -p out; cp in/${name} out/${name}; ! grep -q bad in/${name}`,
    inputs: [`in/${name}`],
    outputs: { out: `out/${name}` },
    ...options,
  });
}

function starts(run: RigRun, name: string): StepStarted[] {
  return run.events.flatMap((event) => (event.type === "step-started" && event.step === name ? [event] : []));
}

const THREE = { attempts: 3, delayMs: 1, on: ["failed"] } as const;

function isStart(name: string, attempt = 1): (event: RunEvent) => boolean {
  return (event) => event.type === "step-started" && event.step === name && event.attempt === attempt;
}

function isRetrying(event: RunEvent): boolean {
  return event.type === "step-retrying";
}

describe("attempts and deadline of a step whose engine died", () => {
  const stages = { one: [copy("a", { retry: THREE })] };

  async function die(isLast: (event: RunEvent) => boolean): Promise<RigRun> {
    rig.write("in/a", "bad");
    const run = await rig.run(stages, { runId: "run" });
    expect(run.step("a")).toMatchObject({ outcome: "failed", attempts: 3 });
    rig.cutOff("run", isLast);
    rmSync(join(rig.folder, "count-a"));
    return run;
  }

  test("stay as they were: the interrupted attempt is made again, and no more than the policy allows", async () => {
    const first = await die(isStart("a", 2));
    const second = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(starts(second, "a").map((event) => event.attempt)).toEqual([2, 3]);
    expect(rig.countOf("a")).toBe(2);
    expect(starts(second, "a")[0]?.deadlineAt).toBe(starts(first, "a")[0]?.deadlineAt);
    expect(second.step("a")).toMatchObject({ outcome: "failed", attempts: 3 });
    expect(second.step("a").retries.map((each) => each.attempt)).toEqual([1, 2]);
  });

  test("a death during the wait does not make the attempt before it again", async () => {
    await die(isRetrying);
    const second = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(starts(second, "a").map((event) => event.attempt)).toEqual([2, 3]);
  });

  test("a second death before the step began again changes nothing", async () => {
    const first = await die(isRetrying);
    await rig.run(stages, { runId: "run", resume: RESUME });
    rig.cutOff("run", (event) => event.type === "run-resumed");
    const third = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(starts(third, "a").map((event) => event.attempt)).toEqual([2, 3]);
    expect(starts(third, "a")[0]?.deadlineAt).toBe(starts(first, "a")[0]?.deadlineAt);
    expect(third.step("a").retries.map((each) => each.attempt)).toEqual([1, 2]);
  });

  test("begin anew in a retry", async () => {
    const first = await die(isStart("a", 3));
    const second = await rig.run(stages, { runId: "run", resume: RETRY });
    expect(starts(second, "a").map((event) => event.attempt)).toEqual([1, 2, 3]);
    expect(starts(second, "a")[0]?.deadlineAt).not.toBe(starts(first, "a")[0]?.deadlineAt);
  });

  test("begin anew after a failure whose input was changed, also when that attempt is interrupted in turn", async () => {
    rig.write("in/a", "bad");
    await rig.run(stages, { runId: "run" });
    rig.write("in/a", "bad as well");
    const second = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(starts(second, "a").map((event) => event.attempt)).toEqual([1, 2, 3]);
    const isSecondFirst = second.events.find(isStart("a"))?.sequence;
    rig.cutOff("run", (event) => event.sequence === isSecondFirst);
    const third = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(starts(third, "a").map((event) => event.attempt)).toEqual([1, 2, 3]);
  });

  test("a deadline that passed while nothing ran fails the step, which says what helps; a retry does", async () => {
    rig.write("in/a", "good");
    await rig.run(stages, { runId: "run" });
    rig.cutOff("run", isStart("a"));
    rmSync(join(rig.folder, ".greenlight/work.sqlite"));
    const clock = { ...systemClock, now: () => Date.now() + DAY_MS };
    const late = await rig.run(stages, { runId: "run", resume: RESUME, clock });
    expect(late.step("a")).toMatchObject({
      outcome: "failed",
      problems: [{ code: "STEP_TIMEOUT", remedy: "give it a new one: greenlight retry run" }],
    });
    expect(late.step("a").problems[0]?.message).toContain("its deadline passed at");
    expect(rig.countOf("a")).toBe(1);
    const again = await rig.run(stages, { runId: "run", resume: RETRY, clock });
    expect(again.step("a").outcome).toBe("passed");
  });
});

describe("what was finished", () => {
  const [a, b] = [copy("a"), copy("b")];
  const c = step("c", {
    run: "echo x >> count-c; cat out/a out/b > out/c",
    inputs: [],
    needs: { a, b },
    outputs: { out: "out/c" },
  });
  const stages = { one: [a, b], two: [c] };

  beforeEach(() => {
    rig.write("in/a", "a");
    rig.write("in/b", "b");
  });

  test("stays finished without an event, and a changed input runs its step and what needs it again", async () => {
    await rig.run(stages, { runId: "run" });
    rig.cutOff("run", isStart("c"));
    rig.write("in/b", "other");
    const second = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(second.events.filter((event) => "step" in event && event.step === "a")).toEqual([]);
    expect([rig.countOf("a"), rig.countOf("b"), rig.countOf("c")]).toEqual([1, 2, 2]);
    expect(rig.read("out/c")).toBe("aother");
    expect(second.view.outcome).toBe("passed");
  });

  test("has its outputs restored when they are gone, and runs again when the cache is gone, too", async () => {
    await rig.run(stages, { runId: "run" });
    rig.cutOff("run", isStart("c"));
    rmSync(join(rig.folder, "out"), { recursive: true });
    const second = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(second.view.outcome).toBe("passed");
    expect([rig.countOf("a"), rig.countOf("b"), rig.countOf("c")]).toEqual([1, 1, 1]);
    rig.cutOff("run", isStart("c"));
    rmSync(join(rig.folder, "out"), { recursive: true });
    for (const cache of ["store", "work.sqlite"])
      rmSync(join(rig.folder, ".greenlight", cache), { recursive: true, force: true });
    const third = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(third.view.outcome).toBe("passed");
    expect([rig.countOf("a"), rig.countOf("b"), rig.countOf("c")]).toEqual([2, 2, 2]);
    expect(rig.read("out/c")).toBe("ab");
  });

  test("is run again on demand, and not taken from the cache then", async () => {
    await rig.run(stages, { runId: "run" });
    const second = await rig.run(stages, { runId: "run", resume: { ...RETRY, again: ["a", "c"] } });
    expect([rig.countOf("a"), rig.countOf("b"), rig.countOf("c")]).toEqual([2, 1, 2]);
    expect(second.view.outcome).toBe("passed");
  });

  test("a failure stays in a resumed run and is done again in a retried one", async () => {
    rig.write("in/b", "bad");
    expect((await rig.run(stages, { runId: "run" })).view.outcome).toBe("failed");
    const resumed = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(resumed.view.outcome).toBe("failed");
    expect(resumed.step("c")).toMatchObject({ outcome: "skipped" });
    expect(rig.countOf("b")).toBe(1);
    await rig.run(stages, { runId: "run", resume: RETRY });
    expect([rig.countOf("a"), rig.countOf("b")]).toEqual([1, 2]);
    rig.write("in/b", "mended");
    const mended = await rig.run(stages, { runId: "run", resume: RESUME });
    expect(mended.view.outcome).toBe("passed");
    expect(rig.read("out/c")).toBe("amended");
  });

  test("an allowed failure stays warned in a resumed run and is done again in a retried one", async () => {
    const lenient = { one: [copy("a", { allowFailure: true })] };
    rig.write("in/a", "bad");
    await rig.run(lenient, { runId: "run" });
    const resumed = await rig.run(lenient, { runId: "run", resume: RESUME });
    expect(resumed.step("a")).toMatchObject({ outcome: "warned", isAllowedFailure: true });
    expect(resumed.view.outcome).toBe("warned");
    expect(rig.countOf("a")).toBe(1);
    await rig.run(lenient, { runId: "run", resume: RETRY });
    expect(rig.countOf("a")).toBe(2);
  });
});

test("the record of a run that changed machines has no gaps, and its times never go back", async () => {
  rig.write("in/a", "a");
  const stages = { one: [copy("a")], two: [step("b", { run: "true" })] };
  await rig.run(stages, { runId: "run" });
  rig.cutOff("run", isStart("b"));
  const clock = { ...systemClock, now: () => Date.now() - 9 * DAY_MS };
  const second = await rig.run(stages, { runId: "run", resume: RESUME, clock });
  expect(second.view.outcome).toBe("passed");
  const events = await rig.events("run");
  expect(events.map((event) => event.sequence)).toEqual(events.map((_event, index) => index + 1));
  expect(events.map((event) => event.at)).toEqual(events.map((event) => event.at).toSorted());
  expect(viewRun(events)).toEqual(second.view);
  expect(second.view.resumes).toMatchObject([{ mode: "resume", by: "kim" }]);
});

test("a part of a run leaves the rest pending, and the next part takes it up", async () => {
  rig.write("in/a", "a");
  const a = copy("a");
  const b = step("b", { run: "cat out/a > out/b", inputs: [], needs: { a }, outputs: { out: "out/b" } });
  const stages = { one: [a], two: [b] };
  const first = await rig.run(stages, { runId: "run", only: new Set(["a"]) });
  expect(first.view).toMatchObject({ outcome: "passed", pending: ["b"] });
  expect(first.step("b").outcome).toBe("pending");
  const second = await rig.run(stages, {
    runId: "run",
    only: new Set(["b"]),
    resume: { ...RESUME, mode: "stage" },
  });
  expect(second.view).toMatchObject({ outcome: "passed", pending: [] });
  expect(rig.read("out/b")).toBe("a");
  expect(rig.countOf("a")).toBe(1);
});
