import { rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { systemClock } from "../../base/system-clock.ts";
import { effectStep, step } from "../../pipeline/define.ts";
import type { RetryPolicy, StepDefinition } from "../../pipeline/definition.ts";
import type { RunEvent, StepRetrying } from "../event.ts";
import { Rig } from "../testing/rig.ts";
import { retryDelayMs } from "./retry.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

/** Counts its attempts in the file `tries` and fails until there were `passesAt`. */
function flaky(
  retry: Partial<RetryPolicy>,
  options: { readonly passesAt?: number; readonly timeoutMs?: number } = {},
): StepDefinition {
  return step("flaky", {
    run: `echo x >> tries; test $(wc -l < tries) -ge ${options.passesAt ?? 99}`,
    inputs: [],
    retry: { delayMs: 1, ...retry },
    timeoutMs: options.timeoutMs ?? 60_000,
  });
}

/** Hangs at its first attempt. */
function slow(name: string, on: RetryPolicy["on"]): StepDefinition {
  return step(name, {
    run: `echo ${name} >> tries; test $(wc -l < tries) -ge 2 || sleep 60`,
    inputs: [],
    retry: { attempts: 2, delayMs: 1, on, attemptTimeoutMs: 300 },
  });
}

function tries(): number {
  return rig.read("tries").length / 2;
}

function retriesIn(events: readonly RunEvent[]): StepRetrying[] {
  return events.filter((event) => event.type === "step-retrying");
}

describe("the wait before the next attempt", () => {
  test("is the delay, times the factor for each further attempt, and never above its bound", () => {
    const policy: RetryPolicy = {
      attempts: 6,
      delayMs: 100,
      factor: 2,
      maxDelayMs: 1000,
      on: ["failed"],
      attemptTimeoutMs: null,
    };
    expect([1, 2, 3, 4, 5].map((attempt) => retryDelayMs(policy, attempt))).toEqual([100, 200, 400, 800, 1000]);
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 31 }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        fc.nat({ max: 2 ** 31 }),
        (delayMs, factor, maxDelayMs) => {
          const any = { ...policy, delayMs, factor, maxDelayMs };
          const delays = Array.from({ length: 19 }, (_none, index) => retryDelayMs(any, index + 1));
          expect(delays).toEqual(delays.toSorted((left, right) => left - right));
          for (const delay of delays) expect(delay >= 0 && delay <= maxDelayMs && Number.isInteger(delay)).toBe(true);
        },
      ),
    );
  });

  test("is told with each attempt that ended, and really waited", async () => {
    const startedAt = performance.now();
    const run = await rig.run({
      one: [flaky({ attempts: 4, delayMs: 40, factor: 2, maxDelayMs: 100, on: ["failed"] }, { passesAt: 4 })],
    });
    expect(retriesIn(run.events).map(({ attempt, delayMs, outcome }) => [attempt, delayMs, outcome])).toEqual([
      [1, 40, "failed"],
      [2, 80, "failed"],
      [3, 100, "failed"],
    ]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(220);
    expect(retriesIn(run.events)[0]).toMatchObject({ why: "exited with 1", attemptLimit: 4 });
    const { outcome, attempts, retries, why } = run.step("flaky");
    expect({ outcome, attempts }).toEqual({ outcome: "passed", attempts: 4 });
    expect(retries.map((each) => each.attempt)).toEqual([1, 2, 3]);
    expect(why).toContain("attempt 4 of 4");
  });
});

describe("what is tried again", () => {
  test("is what the policy names: a failure is not, unless it says so", async () => {
    const run = await rig.run({ one: [flaky({ attempts: 5, on: ["errored", "timed-out"] })] });
    expect(run.step("flaky")).toMatchObject({ outcome: "failed", attempts: 1, retries: [] });
    expect(tries()).toBe(1);
  });

  test("ends after the last attempt, with the last attempt's problem", async () => {
    const run = await rig.run({ one: [flaky({ attempts: 3, on: ["failed"] })] });
    expect(run.step("flaky")).toMatchObject({ outcome: "failed", attempts: 3 });
    expect(run.step("flaky").problems).toHaveLength(1);
    expect(tries()).toBe(3);
  });

  test("an attempt that takes too long is ended by its own limit, and counts as timed out", async () => {
    const patient = await rig.run({ one: [slow("patient", ["timed-out"])] });
    expect(patient.step("patient")).toMatchObject({ outcome: "passed", attempts: 2 });
    expect(retriesIn(patient.events)[0]).toMatchObject({ outcome: "failed", problems: [{ code: "STEP_TIMEOUT" }] });
    expect(retriesIn(patient.events)[0]?.why).toBe("still ran after 0.3 s and was ended");
    rig.write("tries", "");
    const strict = await rig.run({ one: [slow("strict", ["failed"])] });
    expect(strict.step("strict")).toMatchObject({ outcome: "failed", attempts: 1 });
  });

  test("a fault of the machine counts as errored", async () => {
    rig.write(
      "shaky.mjs",
      `let calls = 0;
       export async function shaky() {
         calls += 1;
         if (calls < 3) throw new Error("the line went dead");
         return { outcome: "passed", isAlready: false, why: "call " + calls, problems: [], evidence: [], facts: {}, subject: null };
       }`,
    );
    const shaky = effectStep("shaky", {
      module: "./shaky.mjs",
      export: "shaky",
      retry: { attempts: 3, delayMs: 1, on: ["errored"] },
    });
    const run = await rig.run({ one: [shaky] });
    expect(run.step("shaky")).toMatchObject({ outcome: "passed", attempts: 3 });
    expect(retriesIn(run.events).map((each) => each.outcome)).toEqual(["errored", "errored"]);
  });

  test("what kept the command from being started at all is tried again, too", async () => {
    symlinkSync(tmpdir(), join(rig.folder, "away"));
    const make = step("make", {
      run: "touch ran",
      inputs: [],
      outputs: { out: "away/greenlight-nothing" },
      retry: { attempts: 3, delayMs: 50, on: ["failed"] },
    });
    const onEvent = (event: RunEvent): void => {
      if (event.type !== "step-retrying" || event.attempt < 2) return;
      rmSync(join(rig.folder, "away"));
      rig.write("away/greenlight-nothing", "");
    };
    const run = await rig.run({ one: [make] }, { onEvent });
    expect(retriesIn(run.events).map((each) => each.problems[0]?.code)).toEqual([
      "STEP_OUTPUT_OUTSIDE",
      "STEP_OUTPUT_OUTSIDE",
    ]);
    expect(run.step("make")).toMatchObject({ outcome: "failed", attempts: 3, problems: [{ code: "OUTPUT_MISSING" }] });
    expect(rig.read("ran")).toBe("");
  });

  test("what was mended between two attempts is what the result is kept under", async () => {
    rig.write("in.txt", "bad");
    const check = step("check", {
      run: "mkdir -p out && cp in.txt out/copy && grep -q good in.txt",
      inputs: ["in.txt"],
      outputs: { copy: "out/copy" },
      retry: { attempts: 2, delayMs: 50, on: ["failed"] },
    });
    const onEvent = (event: RunEvent): void => {
      if (event.type === "step-retrying") rig.write("in.txt", "good");
    };
    expect((await rig.run({ one: [check] }, { onEvent })).step("check").outcome).toBe("passed");
    expect((await rig.run({ one: [check] })).step("check").isFromCache).toBe(true);
    rig.write("in.txt", "bad");
    expect((await rig.run({ one: [check] })).step("check").outcome).toBe("failed");
  });

  test("a file that came while the next attempt was waited for is seen, though others listed the folder meanwhile", async () => {
    rig.write("in/a", "");
    const check = step("check", {
      run: "test -e in/b && mkdir -p out && ls in > out/list",
      inputs: ["in/*"],
      outputs: { list: "out/list" },
      retry: { attempts: 2, delayMs: 400, on: ["failed"] },
    });
    const other = step("other", { run: "true", inputs: ["in/*"], lock: "other" });
    const onEvent = (event: RunEvent): void => {
      if (event.type === "step-ended" && event.step === "other") rig.write("in/b", "");
    };
    // It starts only once `check` waits, so that the folder is listed, and remembered, in between.
    const waits = Promise.withResolvers<void>();
    const run = await rig.run(
      { one: [check, other] },
      {
        onEvent: (event) => {
          if (event.type === "step-retrying") waits.resolve();
          onEvent(event);
        },
        lock: async () => {
          await waits.promise;
          return () => undefined;
        },
      },
    );
    expect(run.step("check").outcome).toBe("passed");
    rig.write("in/b", "");
    expect((await rig.run({ one: [check] })).step("check").isFromCache).toBe(true);
  });
});

describe("the step's deadline", () => {
  test("ends the trying: no wait is begun that would outlast it", async () => {
    const startedAt = performance.now();
    const run = await rig.run({
      one: [flaky({ attempts: 20, delayMs: 200, factor: 1, on: ["failed"] }, { timeoutMs: 700 })],
    });
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(run.step("flaky").outcome).toBe("failed");
    expect(tries()).toBeGreaterThanOrEqual(1);
    expect(tries()).toBeLessThanOrEqual(4);
  });

  test("says so where it kept the policy from its next attempt", async () => {
    const run = await rig.run({
      one: [flaky({ attempts: 3, delayMs: 60_000, on: ["failed"] }, { timeoutMs: 20_000 })],
    });
    expect(run.step("flaky")).toMatchObject({ outcome: "failed", attempts: 1 });
    expect(run.step("flaky").why).toMatch(/; its deadline comes before attempt 2 of 3$/u);
  });

  test("ends a last attempt that still runs, and that is not tried again", async () => {
    const hang = step("hang", {
      run: "sleep 60",
      inputs: [],
      timeoutMs: 300,
      retry: { attempts: 5, delayMs: 1, on: ["timed-out"] },
    });
    const run = await rig.run({ one: [hang] });
    expect(run.step("hang")).toMatchObject({ outcome: "failed", attempts: 1 });
    expect(run.step("hang").problems[0]?.code).toBe("STEP_TIMEOUT");
  });

  test("is the same for every attempt", async () => {
    const run = await rig.run({ one: [flaky({ attempts: 3, on: ["failed"] })] });
    const deadlines = run.events.flatMap((event) => (event.type === "step-started" ? [event.deadlineAt] : []));
    expect(new Set(deadlines).size).toBe(1);
    expect(deadlines).toHaveLength(3);
  });

  test("is not come any sooner because somebody set the clock forward", async () => {
    let offsetMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + offsetMs };
    const onEvent = (event: RunEvent): void => {
      if (event.type === "step-retrying") offsetMs += 3 * 86_400_000;
    };
    const run = await rig.run(
      { one: [flaky({ attempts: 3, delayMs: 20, on: ["failed"] }, { passesAt: 3 })] },
      { clock, onEvent },
    );
    expect(run.step("flaky")).toMatchObject({ outcome: "passed", attempts: 3 });
    expect(run.step("flaky").durationMs).toBeLessThan(30_000);
  });
});

test("a cancel ends the wait at once, and the attempts that were made stay told", async () => {
  const cancel = new AbortController();
  const startedAt = performance.now();
  const onEvent = (event: RunEvent): void => {
    if (event.type === "step-retrying") cancel.abort();
  };
  const retry = { attempts: 3, delayMs: 60_000, on: ["failed"] } as const;
  const run = await rig.run({ one: [flaky(retry, { timeoutMs: 600_000 })] }, { signal: cancel.signal, onEvent });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(run.view.outcome).toBe("cancelled");
  expect(run.step("flaky")).toMatchObject({ outcome: "cancelled", attempts: 1, retries: [{ attempt: 1 }] });
});
