import { problem } from "../../base/problem.ts";
import { quantile } from "../../statistics/quantile.ts";
import type { Difference } from "./compare-answers.ts";
import type { GateJudgement, PeakMemory } from "./gate.ts";
import { judgeMemory } from "./judge-memory.ts";
import type { ReplayPlan } from "./replay-plan.ts";
import type { ReplayPolicy } from "./replay-policy.ts";

/** What became of one request that was sent to green. */
export interface ReplayedRequest {
  /** "POST /predict". */
  readonly request: string;
  /** Null: there was nothing to hold the answer to. */
  readonly differences: readonly Difference[] | null;
  readonly durationMs: number;
}

export interface ReplayTally {
  readonly plan: ReplayPlan;
  /** To what green was held: "the recorded answers", "the offline model". */
  readonly against: string;
  readonly replayed: readonly ReplayedRequest[];
  /** Requests that were planned and not sent, for want of time. */
  readonly unsentCount: number;
  /** Why there may be less to compare than there was recorded; empty: no reason is known. */
  readonly lacks: readonly string[];
  /** Nothing was live before, so that nothing can have been recorded. */
  readonly isFirst: boolean;
  readonly memory: PeakMemory;
}

const WORST_COUNT = 5;
const LATENCY_MINIMUM = 20;

/** The verdict on green's answers. One that differs fails it; too few that were compared prove nothing. Pure. */
export function judgeReplay(tally: ReplayTally, policy: ReplayPolicy): GateJudgement {
  const { replayed, against } = tally;
  const memory = judgeMemory(tally.memory, policy);
  const compared = replayed.filter((each) => each.differences !== null);
  const different = compared.filter((each) => (each.differences?.length ?? 0) > 0);
  const durations = Float64Array.from(replayed, (each) => each.durationMs).toSorted();
  const figures = {
    against,
    tolerance: policy.tolerance,
    ignored: policy.ignore,
    recorded: tally.plan.recordedCount,
    skipped: tally.plan.skipped,
    sent: replayed.length,
    unsent: tally.unsentCount,
    compared: compared.length,
    same: compared.length - different.length,
    different: different.length,
    worst: worstOf(different),
    p50Ms: rounded(quantile(durations, 0.5)),
    p95Ms: rounded(quantile(durations, 0.95)),
    p95LimitMs: policy.p95Ms,
    ...memory.figures,
  };
  const settle = (verdict: GateJudgement["verdict"], why: string, problems: GateJudgement["problems"] = []) => ({
    verdict,
    why,
    problems,
    figures,
    isHeld: false,
  });
  const first = different[0];
  if (first !== undefined) {
    const problems = different.slice(0, WORST_COUNT).map((each) =>
      problem("REPLAY_DIFFERS", {
        place: `replay of ${each.request}`,
        message: (each.differences ?? []).slice(0, 3).map(describe).join("; "),
      }),
    );
    return settle("fail", `${different.length} of ${compared.length} answers differ from ${against}`, problems);
  }
  const { p95Ms } = policy;
  const p95 = quantile(durations, 0.95);
  if (p95Ms !== null && durations.length >= LATENCY_MINIMUM && p95 > p95Ms) {
    const message = `95 % of the answers took up to ${p95.toFixed(1)} ms, ${p95Ms} ms are allowed`;
    return settle("fail", message, [problem("LATENCY_REGRESSED", { place: "replay", message })]);
  }
  if (memory.excess !== null) {
    return settle("fail", memory.excess, [problem("MEMORY_EXCEEDED", { place: "replay", message: memory.excess })]);
  }
  if (memory.isUnknown) {
    const why = "what it uses of the memory can't be read, and `memoryMb` bounds it";
    return { ...settle("inconclusive", why), isHeld: policy.whenInconclusive === "hold" };
  }
  const told = `${compared.length} answers are those of ${against}`;
  if (compared.length >= policy.minimum) return settle("pass", told);
  const reasons = tally.lacks.length === 0 ? "" : ` (${tally.lacks.join("; ")})`;
  const why = `only ${compared.length} answers could be compared with ${against}, ${policy.minimum} are needed${reasons}`;
  const isHeld = policy.whenInconclusive === "hold" && !tally.isFirst;
  return { ...settle("inconclusive", tally.isFirst ? `${why}; nothing was live here before` : why), isHeld };
}

function worstOf(different: readonly ReplayedRequest[]) {
  return different
    .flatMap(({ request, differences }) => (differences ?? []).map((each) => ({ request, ...each })))
    .toSorted((left, right) => (right.delta ?? Number.MAX_VALUE) - (left.delta ?? Number.MAX_VALUE))
    .slice(0, WORST_COUNT);
}

function describe({ path, expected, actual }: Difference): string {
  return `${path === "" ? "the answer" : path} is ${actual}, expected ${expected}`;
}

/** To a microsecond; null when nothing was measured. */
function rounded(ms: number): number | null {
  return Number.isFinite(ms) ? Math.round(ms * 1000) / 1000 : null;
}
