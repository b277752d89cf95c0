import type { DeploymentEvidence } from "../../evidence/evidence.ts";
import { PREVIOUS_RELEASE, RELEASE } from "./sample-evidence.ts";
import { sampleTime } from "./sample-step.ts";

const STATES = [
  ["queued", 0],
  ["locked", 12],
  ["preflight", 20],
  ["awaiting-approval", 140],
  ["starting-green", 150],
  ["health", 610],
  ["smoke", 980],
  ["switching", 1_140],
  ["baking", 1_160],
  ["draining", 2_170],
  ["warm-blue", 2_190],
  ["retiring", 2_700],
  ["succeeded", 2_820],
] as const;

/** A deployment begun `startMs` into the run. `approvalMs`: how long a person took; 0 needs none. */
export function sampleDeployment(
  environment: string,
  time: { readonly startMs: number; readonly approvalMs: number },
  change: Partial<DeploymentEvidence> = {},
): DeploymentEvidence {
  const isAsked = time.approvalMs > 0;
  const shift = (atMs: number): number => time.startMs + atMs + (atMs > 140 ? time.approvalMs : 0);
  return {
    kind: "deployment",
    environment,
    deploymentId: `01kab3e${environment.slice(0, 4)}7h2`,
    releaseId: RELEASE,
    previousReleaseId: PREVIOUS_RELEASE,
    slot: "green",
    url: environment === "production" ? "http://127.0.0.1:8000" : "http://127.0.0.1:8001",
    isAlready: false,
    who: "ada",
    why: "run 01kab3dqj0f8xw2m",
    approval: isAsked
      ? { by: "ada", how: "terminal", at: sampleTime(time.startMs + 140 + time.approvalMs), why: "figures look good" }
      : null,
    digest: "4be1c0d29a77".padEnd(64, "0"),
    commit: "1f2e3d4c5b".padEnd(40, "0"),
    isRollback: false,
    gates: [
      {
        gate: "smoke",
        verdict: "pass",
        why: "4 checks passed",
        at: sampleTime(shift(700)),
        figures: {
          checks: [
            { name: "GET /ready", isPassed: true },
            { name: "POST /predict", isPassed: true },
          ],
        },
      },
      {
        gate: "baking",
        verdict: "pass",
        why: "0 of 412 requests failed, 25 probes beside them; p95 3.9 ms, 4.1 ms before",
        at: sampleTime(shift(1900)),
        figures: {
          bakedMs: 1000,
          syntheticProbes: 25,
          failedProbes: 0,
          trafficFault: null,
          after: { requests: 437, errors: 0, p50Ms: 2.1, p95Ms: 3.9 },
          before: { requests: 9120, errors: 1, p50Ms: 2, p95Ms: 4.1 },
        },
      },
    ],
    transitions: STATES.filter(([state]) => isAsked || state !== "awaiting-approval").map(([state, atMs]) => ({
      state,
      at: sampleTime(shift(atMs)),
      why: WHYS[state] ?? "",
    })),
    ...change,
  };
}

const WHYS: Readonly<Record<string, string>> = {
  preflight: "152 MB there, port free",
  "awaiting-approval": "production wants a person",
  health: "green answers /ready",
  smoke: "4 checks passed",
  switching: "route to green, epoch 7",
  baking: "1.0 s without an error",
  draining: "0 requests in flight on blue",
};
