import type { Deployment } from "../deployment.ts";
import type { DeploymentStateName } from "../environment.ts";
import { NO_GATES } from "../gates/gate-record.ts";
import { nothingFound, type Findings, type Observation } from "../observation.ts";
import type { LiveRelease, TargetSlot, TargetState } from "../target.ts";

export const NOW = 1_700_000_000_000;
export const BLUE: LiveRelease = { deploymentId: "old", releaseId: "r-old", digest: "d-old", slot: "blue" };
export const GREEN: LiveRelease = { deploymentId: "new", releaseId: "r-new", digest: "d-new", slot: "green" };

/** The deployment of GREEN beside BLUE, in that state since NOW. */
export function deployment(state: DeploymentStateName, change: Partial<Deployment> = {}): Deployment {
  return {
    schema: 1,
    id: GREEN.deploymentId,
    environment: "staging",
    releaseId: GREEN.releaseId,
    digest: GREEN.digest,
    previousReleaseId: BLUE.releaseId,
    slot: GREEN.slot,
    epoch: 1,
    who: "w",
    why: "y",
    runId: "r",
    approvalWait: null,
    approval: null,
    transitions: [{ state, at: new Date(NOW).toISOString(), why: "" }],
    blue: BLUE,
    gates: NO_GATES,
    kind: "deployment",
    warm: null,
    service: { readyPath: "/ready", healthPath: "/health" },
    interruption: null,
    failure: null,
    steps: [],
    ...change,
  };
}

/** As a release runs in it. */
export function slot({ deploymentId, releaseId, digest }: LiveRelease, change: Partial<TargetSlot> = {}): TargetSlot {
  return {
    deploymentId,
    releaseId,
    digest,
    pid: 1,
    port: 1,
    restartCount: 0,
    isCrashLooping: false,
    lastExit: null,
    warmUntil: null,
    ...change,
  };
}

/** What a controller sees: both slots run, BLUE has the traffic, unless told otherwise. */
export function seen(
  target: Partial<TargetState>,
  found: Partial<Findings> = {},
  change: Partial<Observation> = {},
): Observation {
  return {
    timings: {
      leaseWaitMs: 5000,
      startTimeoutMs: 3000,
      readyCount: 3,
      probeEveryMs: 50,
      bakeMs: 1000,
      drainMs: 2000,
      warmMs: 60_000,
      swap: "beside",
      holdMs: 20_000,
    },
    target: {
      isKnown: true,
      isStopped: false,
      problems: [],
      keeper: { pid: 1, startTime: "x" },
      router: { pid: 2, isInPlace: true },
      route: { epoch: 1, live: BLUE },
      slots: { blue: slot(BLUE), green: slot(GREEN) },
      traffic: [],
      ...target,
    },
    lease: "held",
    needsApproval: false,
    found: { ...nothingFound(NOW), ...found },
    ...change,
  };
}
