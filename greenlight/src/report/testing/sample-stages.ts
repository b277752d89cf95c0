import type { RunView, StepView } from "../../engine/run-view.ts";
import { sampleDeployment } from "./sample-deployment.ts";
import {
  COMPARISON,
  COVERAGE,
  GATE,
  HEALTH,
  INTEGRATION_TESTS,
  RELEASE,
  RELEASE_PARTS,
  sampleBenchmark,
  sampleFindings,
  sampleSmoke,
  UNIT_TESTS,
  VALIDATION,
} from "./sample-evidence.ts";
import { MODEL } from "./sample-model.ts";
import { sampleStep, sampleTime } from "./sample-step.ts";

export const APPROVAL_MS = 6_400;
export const DEPLOY_MS = 31_600;

export const QUALITY: RunView["stages"][number] = {
  name: "quality",
  steps: [
    sampleStep("format", { startMs: 240, durationMs: 410 }, { evidence: [sampleFindings("oxfmt", 118)] }),
    sampleStep("lint", { startMs: 245, durationMs: 690 }, { evidence: [sampleFindings("oxlint", 118)] }),
    sampleStep("types", { startMs: 660, durationMs: 1_980 }, { evidence: [sampleFindings("tsc", null)] }),
    sampleStep("secret scan", { startMs: 940, durationMs: 1_120 }, { evidence: [sampleFindings("secretlint", 131)] }),
  ],
};

export const TEST: RunView["stages"][number] = {
  name: "test",
  steps: [
    sampleStep(
      "unit tests",
      { startMs: 2_700, durationMs: 6_840 },
      {
        why: "ran: movies/src/model/tree.ts changed",
        evidence: [UNIT_TESTS, COVERAGE],
      },
    ),
    sampleStep(
      "integration tests",
      { startMs: 2_705, durationMs: 4_390 },
      {
        why: "ran: movies/src/model/tree.ts changed",
        evidence: [INTEGRATION_TESTS],
      },
    ),
  ],
};

export const BUILD: RunView["stages"][number] = {
  name: "build",
  steps: [
    sampleStep(
      "collect films",
      { startMs: 9_600, durationMs: 18 },
      {
        why: "nothing changed since run 01kab2x7c4m0d5tq",
        isFromCache: true,
        savedMs: 1_460,
      },
    ),
    sampleStep(
      "clean films",
      { startMs: 9_625, durationMs: 22 },
      {
        why: "nothing changed since run 01kab2x7c4m0d5tq",
        isFromCache: true,
        savedMs: 880,
        evidence: [VALIDATION],
      },
    ),
    sampleStep(
      "build service",
      { startMs: 9_610, durationMs: 1_690 },
      { why: "ran: movies/src/model/tree.ts changed" },
    ),
    sampleStep("train", { startMs: 9_660, durationMs: 12_310 }, { why: "ran: movies/src/model/tree.ts changed" }),
    sampleStep(
      "evaluate",
      { startMs: 21_990, durationMs: 1_340 },
      { why: "ran: output model of “train” changed", evidence: [MODEL] },
    ),
    sampleStep(
      "gate",
      { startMs: 23_350, durationMs: 2_210 },
      { why: "ran: output evaluation of “evaluate” changed", evidence: [GATE] },
    ),
    sampleStep(
      "bundle",
      { startMs: 25_580, durationMs: 2_030 },
      {
        why: "ran: output model of “train” and dist/** changed",
        evidence: [RELEASE_PARTS],
      },
    ),
  ],
};

/** A sample step that touches the world. */
export function sampleEffect(
  name: string,
  time: { startMs: number; durationMs: number },
  change: Partial<StepView>,
): StepView {
  return sampleStep(name, time, { kind: "effect", ...change });
}

export const DEPLOY: RunView["stages"][number] = {
  name: "deploy",
  steps: [
    sampleEffect(
      "deploy staging",
      { startMs: 27_650, durationMs: 2_850 },
      {
        environment: "staging",
        why: `${RELEASE} is not live there`,
        evidence: [sampleDeployment("staging", { startMs: 27_660, approvalMs: 0 })],
      },
    ),
    sampleEffect(
      "smoke staging",
      { startMs: 30_520, durationMs: 60 },
      {
        environment: "staging",
        why: "this deployment has not been smoke tested",
        evidence: [sampleSmoke("staging")],
      },
    ),
    sampleEffect(
      "baseline staging",
      { startMs: 30_590, durationMs: 980 },
      {
        environment: "staging",
        why: "this deployment has not been measured",
        evidence: [sampleBenchmark("staging", 2.08, null)],
      },
    ),
    sampleEffect(
      "deploy production",
      { startMs: DEPLOY_MS, durationMs: 2_870 + APPROVAL_MS },
      {
        environment: "production",
        why: `${RELEASE} is not live there`,
        evidence: [sampleDeployment("production", { startMs: DEPLOY_MS + 10, approvalMs: APPROVAL_MS })],
      },
    ),
    sampleEffect(
      "smoke production",
      { startMs: 40_900, durationMs: 55 },
      {
        environment: "production",
        why: "this deployment has not been smoke tested",
        evidence: [sampleSmoke("production")],
      },
    ),
  ],
};

export const AFTER: RunView["stages"][number] = {
  name: "after",
  steps: [
    sampleEffect(
      "benchmark",
      { startMs: 40_980, durationMs: 4_120 },
      {
        environment: "production",
        why: "p95 4.06 ms, baseline 3.99 ms",
        evidence: [sampleBenchmark("production", 2.12, COMPARISON)],
      },
    ),
    sampleEffect(
      "health",
      { startMs: 40_985, durationMs: 30 },
      { why: "staging and production healthy", isAlready: true, evidence: [HEALTH] },
    ),
  ],
};

export const FINALLY: RunView["stages"][number] = {
  name: "finally",
  steps: [sampleEffect("report", { startMs: 45_120, durationMs: 60 }, { why: "report.html" })],
};

export const APPROVAL: RunView["approvals"][number] = {
  type: "approval-answered",
  step: "deploy production",
  environment: "production",
  digest: RELEASE_PARTS.digest,
  isGranted: true,
  by: "ada",
  how: "terminal",
  why: "figures read, go",
  at: sampleTime(DEPLOY_MS + 150 + APPROVAL_MS),
};
