import { existsSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { allOf, not, onBranch, onEvent } from "../pipeline/conditions.ts";
import { effectStep, step } from "../pipeline/define.ts";
import type { StepDefinition } from "../pipeline/definition.ts";
import type { RunEvent } from "./event.ts";
import { Rig } from "./testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

/** Leaves the file `ran-NAME`. */
function mark(name: string, options: Partial<Parameters<typeof step>[1]> = {}): StepDefinition {
  return step(name, { run: `touch ran-${name}`, inputs: [], ...options });
}

function bad(options: Partial<Parameters<typeof step>[1]> = {}): StepDefinition {
  return step("bad", { run: "exit 3", inputs: [], ...options });
}

function list(name: string): StepDefinition {
  return step(name, { run: `mkdir -p out; ls in > out/${name}`, inputs: ["in/*"], outputs: { out: `out/${name}` } });
}

/** An effect that writes that file. */
function writePlace(path: string): void {
  rig.write(
    "place.mjs",
    `import { writeFileSync } from "node:fs";
     export async function place(args, { project }) {
       writeFileSync(project.folder + "/${path}", "by the effect");
       return { outcome: "passed", isAlready: false, why: "", problems: [], evidence: [], facts: {}, subject: null };
     }`,
  );
}

function whenStarted(name: string, cancel: AbortController): (event: RunEvent) => void {
  return (event) => {
    if (event.type === "step-started" && event.step === name) cancel.abort();
  };
}

function hasRun(name: string): boolean {
  return existsSync(join(rig.folder, `ran-${name}`));
}

describe("after a failure", () => {
  test("steps for failures and for anything run, in the stage, in later stages and last; others are skipped", async () => {
    const failing = bad();
    const run = await rig.run(
      {
        one: [failing, mark("tidy", { after: "failure", needs: { failing } })],
        two: [mark("next"), mark("tell", { after: "failure" }), mark("any", { after: "always" })],
        three: [mark("too", { after: "failure" })],
      },
      { finally: [mark("last"), mark("last-failure", { after: "failure" })] },
    );
    expect(run.view.outcome).toBe("failed");
    expect(["tidy", "next", "tell", "any", "too", "last", "last-failure"].map(hasRun)).toEqual([
      true,
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
    expect(run.step("next")).toMatchObject({ outcome: "skipped", why: "stage one did not pass" });
  });

  test("a step for failures that failed, too, does not hide the first one", async () => {
    const run = await rig.run({ one: [bad()], two: [step("tell", { run: "exit 4", inputs: [], after: "failure" })] });
    expect(run.view.outcome).toBe("failed");
    expect(run.step("tell").outcome).toBe("failed");
  });

  test("what needs a step that was skipped is skipped, and names it", async () => {
    const failing = bad();
    const second = mark("second", { needs: { failing } });
    const run = await rig.run({ one: [failing, second, mark("third", { needs: { second } })] });
    expect(run.step("third")).toMatchObject({ outcome: "skipped", why: 'it needs "second", which ended as skipped' });
  });

  test("a step for anything runs although its need never came, and is told nothing of it", async () => {
    const failing = bad();
    const second = mark("second", { needs: { failing }, outputs: { out: "ran-second" } });
    const any = mark("any", { after: "always", needs: { second } });
    expect((await rig.run({ one: [failing, second, any] })).step("any").outcome).toBe("passed");
  });
});

describe("without a failure", () => {
  test("steps for failures are skipped and spoil nothing", async () => {
    const run = await rig.run(
      { one: [mark("good"), mark("tell", { after: "failure" })] },
      { finally: [mark("last", { after: "failure" })] },
    );
    expect(run.view.outcome).toBe("passed");
    expect(run.step("tell")).toMatchObject({ outcome: "skipped", why: "nothing failed before it" });
    expect(run.step("last").outcome).toBe("skipped");
  });

  test("steps whose condition does not hold fall away and are told; what needs them goes on", async () => {
    const elsewhere = mark("elsewhere", { when: onBranch("release/*") });
    const run = await rig.run({
      one: [elsewhere, mark("here", { when: allOf(onBranch("main"), not(onEvent("push"))), needs: { elsewhere } })],
    });
    expect(run.view.outcome).toBe("passed");
    expect([hasRun("elsewhere"), hasRun("here")]).toEqual([false, true]);
    expect(run.view.dropped.map((each) => each.step)).toEqual(["elsewhere"]);
  });
});

describe("a failure that is allowed", () => {
  test("is warned and visible, stops nothing, is not cached and is no last success", async () => {
    rig.write("in.txt", "1");
    const lint = bad({ run: "echo x >> count; exit 3", inputs: ["in.txt"], allowFailure: true });
    const stages = { one: [lint, mark("needs", { needs: { lint } })], two: [mark("next")] };
    const run = await rig.run(stages);
    expect(run.view.outcome).toBe("warned");
    expect(run.step("bad")).toMatchObject({
      outcome: "warned",
      isAllowedFailure: true,
      problems: [{ code: "COMMAND_FAILED" }],
    });
    expect(run.step("bad").why).toContain("failed, which is allowed");
    expect([hasRun("needs"), hasRun("next")]).toEqual([true, true]);
    const again = await rig.run(stages);
    expect(again.step("bad")).toMatchObject({ isFromCache: false, attempts: 1 });
    // No success to compare with: else it would say what changed since.
    expect(again.step("bad").why).toContain("it has not passed here yet");
    expect(rig.read("count")).toBe("x\nx\n");
  });

  test("is tried again first, when its policy says so", async () => {
    const run = await rig.run({
      one: [bad({ allowFailure: true, retry: { attempts: 2, delayMs: 1, on: ["failed"] } })],
    });
    expect(run.step("bad")).toMatchObject({ outcome: "warned", attempts: 2 });
  });

  test("does not cover a cancel, and no step for failures runs after it", async () => {
    const run = await rig.run({ one: [bad({ allowFailure: true })], two: [mark("tell", { after: "failure" })] });
    expect(run.step("tell").outcome).toBe("skipped");
    const cancel = new AbortController();
    const hang = step("hang", { run: "sleep 60", inputs: [], allowFailure: true });
    const cancelled = await rig.run({ one: [hang] }, { signal: cancel.signal, onEvent: whenStarted("hang", cancel) });
    expect(cancelled.step("hang").outcome).toBe("cancelled");
    expect(cancelled.view.outcome).toBe("cancelled");
  });
});

test("a step that waits for a lock of its own run takes no place that another step could have", async () => {
  const hold = mark("hold", { lock: "x", run: "touch begun; while ! test -e ran-free; do sleep 0.01; done" });
  const wait = mark("wait", { lock: "x" });
  const run = await rig.run({ one: [hold, wait, mark("free")] }, { concurrency: 2 });
  const ended = run.events.flatMap((event) => (event.type === "step-ended" ? [`${event.step}: ${event.why}`] : []));
  // The first two end at nearly the same moment: one waits for a file of the other.
  const inOrder = [...ended.slice(0, 2).toSorted(), ...ended.slice(2)];
  expect(inOrder).toEqual(["free", "hold", "wait"].map((name) => `${name}: ran: it has not passed here yet`));
});

describe("what comes last", () => {
  test("runs after a cancel, and the run is cancelled all the same", async () => {
    const cancel = new AbortController();
    const run = await rig.run(
      { one: [step("hang", { run: "sleep 60", inputs: [] })], two: [mark("any", { after: "always" })] },
      { finally: [mark("last")], signal: cancel.signal, onEvent: whenStarted("hang", cancel) },
    );
    expect(run.view.outcome).toBe("cancelled");
    expect([hasRun("any"), hasRun("last")]).toEqual([false, true]);
  });

  test("spoils a run by failing, and by being ended before it was done", async () => {
    const failing = await rig.run({ one: [mark("good")] }, { finally: [bad()] });
    expect(failing.view.outcome).toBe("failed");
    const cancel = new AbortController();
    const slow = step("slow", { run: "sleep 60", inputs: [] });
    const ended = await rig.run(
      { one: [mark("good")] },
      { finally: [slow], signal: cancel.signal, onEvent: whenStarted("slow", cancel), finallyMs: 200 },
    );
    expect(ended.step("slow").outcome).toBe("cancelled");
    expect(ended.view.outcome).toBe("cancelled");
  });

  test("has all the time that its own deadline gives while nobody cancels", async () => {
    const slow = step("slow", { run: "sleep 0.6; touch ran-slow", inputs: [] });
    const run = await rig.run({ one: [mark("good")] }, { finally: [slow], finallyMs: 200 });
    expect(run.step("slow").outcome).toBe("passed");
    expect(run.view.outcome).toBe("passed");
  });
});

describe("an effect that writes into the project", () => {
  const place = effectStep("place", { module: "./place.mjs", export: "place" });

  test("is noticed by the steps after it, which list the same files as those before it", async () => {
    rig.write("in/a", "");
    writePlace("in/b");
    const run = await rig.run({ one: [list("before")], two: [place], three: [list("after")] });
    expect(run.step("after").why).toBe("ran: it has not passed here yet");
    expect(rig.read("out/after")).toBe("a\nb\n");
    expect((await rig.run({ three: [list("after")] })).step("after").isFromCache).toBe(true);
  });

  test("is found out when that is an output which a later step needs", async () => {
    rig.write("in/a", "");
    writePlace("out/make");
    const make = list("make");
    const use = step("use", { run: "cat out/make", inputs: [], needs: { make } });
    const run = await rig.run({ one: [make], two: [place], three: [use] });
    expect(run.step("use")).toMatchObject({ outcome: "failed", problems: [{ code: "SOURCE_CHANGED", place: "make" }] });
  });
});
