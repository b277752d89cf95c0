import type { DeploymentEvidence } from "../evidence/evidence.ts";
import type { State } from "./state.ts";

export interface LiveRelease {
  /** Null: it cannot be told from the record. */
  readonly releaseId: string | null;
  /** What became of the deployment, as a clause. */
  readonly story: string;
  readonly state: State;
}

const GOOD = { tone: "good", shape: "passed", sign: "✓" } as const;
const BAD = { tone: "bad", shape: "failed", sign: "✗" } as const;
const WAIT = { tone: "wait", shape: "waiting", sign: "‖" } as const;

/**
 * Which release the environment served when the deployment had reached its last recorded state. Before the switch it
 * is the previous one, after it the new one; while the route was being changed the record alone can't tell.
 */
export function liveRelease(evidence: DeploymentEvidence): LiveRelease {
  if (evidence.isAlready) {
    return {
      releaseId: evidence.releaseId,
      story: "already live",
      state: { ...GOOD, shape: "already", sign: "=", word: "already live" },
    };
  }
  const last = evidence.transitions.at(-1)?.state ?? "queued";
  const previous = evidence.previousReleaseId;
  switch (last) {
    case "succeeded":
      return { releaseId: evidence.releaseId, story: "live", state: { ...GOOD, word: "live" } };
    case "baking":
    case "draining":
    case "warm-blue":
    case "retiring":
      return { releaseId: evidence.releaseId, story: `serves, still ${last}`, state: { ...WAIT, word: last } };
    case "aborted":
      return { releaseId: previous, story: "aborted before the switch", state: { ...BAD, word: "aborted" } };
    case "rolled-back":
      return { releaseId: previous, story: "rolled back", state: { ...BAD, word: "rolled back" } };
    case "awaiting-approval":
      return { releaseId: previous, story: "waits for approval", state: { ...WAIT, word: "awaiting approval" } };
    case "switching":
    case "rolling-back":
    case "needs-human":
      return { releaseId: null, story: `stopped at ${last}`, state: { ...BAD, word: last } };
    default:
      return { releaseId: previous, story: `stopped at ${last}`, state: { ...BAD, word: last } };
  }
}
