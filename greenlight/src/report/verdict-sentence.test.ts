import { describe, expect, it } from "vitest";

import type { DeploymentEvidence } from "../evidence/evidence.ts";
import { liveRelease } from "./live-release.ts";
import { sampleDeployment } from "./testing/sample-deployment.ts";
import { PREVIOUS_RELEASE, RELEASE } from "./testing/sample-evidence.ts";
import { cachedRun, failedRun, greenRun } from "./testing/sample-run.ts";
import { sampleStep, sampleView } from "./testing/sample-step.ts";
import { verdictSentence } from "./verdict-sentence.ts";

function upTo(state: string): DeploymentEvidence {
  const whole = sampleDeployment("production", { startMs: 0, approvalMs: 500 });
  const last = whole.transitions.findIndex((transition) => transition.state === state);
  return { ...whole, transitions: whole.transitions.slice(0, last + 1) };
}

function thenInto(state: string): DeploymentEvidence {
  const before = upTo("health");
  return { ...before, transitions: [...before.transitions, { state, at: "2026-11-22T02:41:00.000Z", why: "" }] };
}

const plain = (text: string): string => text.replaceAll("\u00A0", " ");

describe("what is live", () => {
  it("is the previous release until the switch and the new one after it", () => {
    for (const state of ["queued", "awaiting-approval", "starting-green", "health", "smoke"]) {
      expect(liveRelease(upTo(state)).releaseId).toBe(PREVIOUS_RELEASE);
    }
    for (const state of ["baking", "draining", "warm-blue", "retiring", "succeeded"]) {
      expect(liveRelease(upTo(state)).releaseId).toBe(RELEASE);
    }
  });

  it("is the previous release after an abort or a rollback, and not known while it can't be told", () => {
    expect(liveRelease(thenInto("aborted")).releaseId).toBe(PREVIOUS_RELEASE);
    expect(liveRelease(thenInto("rolled-back")).releaseId).toBe(PREVIOUS_RELEASE);
    for (const state of ["switching", "rolling-back", "needs-human"]) {
      expect(liveRelease(thenInto(state)).releaseId).toBeNull();
    }
  });

  it("is the release itself when it was live already, whatever its history says", () => {
    expect(liveRelease({ ...upTo("queued"), isAlready: true }).releaseId).toBe(RELEASE);
  });
});

describe("the sentence", () => {
  it("tells a full run, one from cache and a failed one apart", () => {
    expect(plain(verdictSentence(greenRun()))).toBe(
      `All 21 steps passed in 45.2 s; ${RELEASE} is live in staging and production`,
    );
    expect(plain(verdictSentence(cachedRun()))).toBe(
      `Nothing had changed: all 13 tasks came from cache, in 670 ms; ${RELEASE} is live in staging and production`,
    );
    expect(plain(verdictSentence(failedRun()))).toBe(
      "“unit tests” failed in stage test after 8.9 s, so 14 steps were skipped; nothing was deployed in this run",
    );
  });

  it("names each environment when they serve different releases", () => {
    const staging = sampleStep(
      "staging",
      { startMs: 0, durationMs: 9 },
      { evidence: [sampleDeployment("staging", { startMs: 0, approvalMs: 0 })] },
    );
    const production = sampleStep(
      "production",
      { startMs: 0, durationMs: 9 },
      { outcome: "waiting", evidence: [upTo("awaiting-approval")] },
    );
    const view = sampleView([{ name: "deploy", steps: [staging, production] }], { outcome: "waiting" });
    expect(verdictSentence(view)).toBe(
      `“production” waits for approval; staging serves ${RELEASE}, production serves ${PREVIOUS_RELEASE}`,
    );
  });

  it("counts what had ended before a cancel, not what the cancel kept from starting", () => {
    const done = sampleStep("lint", { startMs: 0, durationMs: 900 });
    const never = sampleStep("test", { startMs: 900, durationMs: 0 }, { outcome: "cancelled" });
    const view = sampleView([{ name: "quality", steps: [done, never] }], { outcome: "cancelled" });
    expect(plain(verdictSentence(view))).toBe(
      "Cancelled after 900 ms; 1 step had ended; nothing was deployed in this run",
    );
  });
});
