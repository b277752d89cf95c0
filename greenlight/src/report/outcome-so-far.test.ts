import { describe, expect, it } from "vitest";

import type { StepView } from "../engine/run-view.ts";
import { durationSoFarMs, outcomeSoFar } from "./outcome-so-far.ts";
import { greenRun, unfinished } from "./testing/sample-run.ts";
import { sampleSkipped, sampleStep, sampleView } from "./testing/sample-step.ts";

const RUNNING = { outcome: "running", endedAt: null, durationMs: 0 } as const;
const report = sampleStep("report", { startMs: 900, durationMs: 0 }, RUNNING);

function stillRunning(steps: readonly StepView[]) {
  return sampleView(
    [
      { name: "build", steps },
      { name: "finally", steps: [report] },
    ],
    { outcome: "running", endedAt: null, durationMs: null },
  );
}

describe("the outcome so far", () => {
  it("of a run that has ended is its own", () => {
    expect(outcomeSoFar({ ...greenRun(), outcome: "cancelled" })).toBe("cancelled");
  });

  it("of a run that only has its report to write is the worst of its steps", () => {
    const warned = sampleStep("lint", { startMs: 0, durationMs: 5 }, { outcome: "warned" });
    const failed = sampleStep("test", { startMs: 0, durationMs: 5 }, { outcome: "failed" });
    const waiting = sampleStep("deploy", { startMs: 0, durationMs: 5 }, { outcome: "waiting" });
    const skipped = sampleSkipped("after", "not reached");
    expect(outcomeSoFar(unfinished(greenRun()))).toBe("passed");
    expect(outcomeSoFar(stillRunning([warned, skipped]))).toBe("warned");
    expect(outcomeSoFar(stillRunning([warned, waiting, skipped]))).toBe("waiting");
    expect(outcomeSoFar(stillRunning([warned, failed, skipped]))).toBe("failed");
  });

  it("is running while a stage has a step to come and nothing has gone wrong", () => {
    const passed = sampleStep("lint", { startMs: 0, durationMs: 5 });
    const failed = sampleStep("types", { startMs: 0, durationMs: 5 }, { outcome: "failed" });
    const pending = sampleStep(
      "test",
      { startMs: 0, durationMs: 0 },
      { outcome: "pending", startedAt: null, endedAt: null },
    );
    expect(outcomeSoFar(stillRunning([passed, pending]))).toBe("running");
    expect(outcomeSoFar(stillRunning([failed, pending]))).toBe("failed");
  });
});

describe("the duration so far", () => {
  it("is the run's own, or reaches to the last thing recorded", () => {
    expect(durationSoFarMs(greenRun())).toBe(45_180);
    expect(durationSoFarMs(stillRunning([sampleStep("a", { startMs: 100, durationMs: 500 })]))).toBe(900);
    expect(durationSoFarMs({ ...stillRunning([]), startedAt: "no time" })).toBe(0);
  });
});
