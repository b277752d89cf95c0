import type { Retention } from "../../pipeline/retention-definition.ts";
import type { RunState } from "../runs/find-run.ts";
import type { Reason } from "./reasons.ts";

const DAY_MS = 86_400_000;

export interface RunFacts {
  readonly id: string;
  readonly pipeline: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly state: RunState;
}

export interface RunDecision<Run extends RunFacts> {
  readonly kept: readonly Run[];
  /** Those of the kept that only stay because something needs them. */
  readonly keptOld: readonly { readonly run: Run; readonly why: readonly Reason[] }[];
  readonly removed: readonly Run[];
}

/**
 * Which runs stay: the newest `keep`, those younger than `days`, those that go on or wait, and those that something refers to.
 * `runs` stand newest first; `needed`: run → by what.
 */
export function decideRuns<Run extends RunFacts>(
  runs: readonly Run[],
  by: {
    readonly policy: Retention["runs"];
    /** Milliseconds since the epoch. */
    readonly now: number;
    readonly needed: ReadonlyMap<string, readonly Reason[]>;
  },
): RunDecision<Run> {
  const { policy, now, needed } = by;
  const kept: Run[] = [];
  const keptOld: { run: Run; why: readonly Reason[] }[] = [];
  const removed: Run[] = [];
  for (const [at, run] of runs.entries()) {
    // A time that can't be read is no reason to throw anything away.
    const isOld = at >= policy.keep && Date.parse(run.startedAt) <= now - policy.days * DAY_MS;
    const why = [...ownReasons(run), ...(needed.get(run.id) ?? [])];
    if (isOld && why.length === 0) {
      removed.push(run);
      continue;
    }
    kept.push(run);
    if (isOld) keptOld.push({ run, why });
  }
  return { kept, keptOld, removed };
}

function ownReasons({ id, state }: RunFacts): readonly Reason[] {
  return state === "running" || state === "waiting" ? [{ kind: state, of: id }] : [];
}
