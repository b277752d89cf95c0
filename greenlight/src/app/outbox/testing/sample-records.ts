import type { DeploymentRecord, DeploymentStateName } from "../../../deployment/environment.ts";
import { NO_GATES } from "../../../deployment/gates/gate-record.ts";

export const COMMITS = ["a".repeat(40), "b".repeat(40), "c".repeat(40)] as const;

const WAY: readonly DeploymentStateName[] = [
  "queued",
  "locked",
  "preflight",
  "starting-green",
  "health",
  "switching",
  "baking",
  "succeeded",
];

/** A deployment that has come as far as `state`; the number orders deployments, and is the minute in which it began. */
export function recordAt(
  number: number,
  state: DeploymentStateName,
  change: Partial<DeploymentRecord> & Readonly<Record<string, unknown>> = {},
): DeploymentRecord {
  const index = WAY.indexOf(state);
  const states = index >= 0 ? WAY.slice(0, index + 1) : [...WAY.slice(0, 4), state];
  return {
    id: `d${String(number).padStart(15, "0")}`,
    kind: "deployment",
    environment: "production",
    releaseId: `films-${number}`,
    digest: `digest-${number}`,
    previousReleaseId: number > 1 ? `films-${number - 1}` : null,
    slot: number % 2 === 0 ? "blue" : "green",
    epoch: number,
    who: "kim",
    why: `run r${number} of main`,
    runId: `ci-${100 + number}`,
    commit: COMMITS[(number - 1) % COMMITS.length] ?? null,
    approvalWait: null,
    approval: null,
    gates: NO_GATES,
    transitions: states.map((each, second) => ({
      state: each,
      at: new Date(Date.UTC(2026, 0, 1, 0, number, second)).toISOString(),
      why: `came to ${each}`,
    })),
    ...change,
  };
}
