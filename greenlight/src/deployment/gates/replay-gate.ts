import type { Result } from "../../base/result.ts";
import { compareAnswers, type GoldenAnswer } from "./compare-answers.ts";
import type { GateJudgement, GreenService, SwitchGate } from "./gate.ts";
import { judgeReplay, type ReplayedRequest } from "./judge-replay.ts";
import { planReplay, type ReplayPlan, type ReplayRequest } from "./replay-plan.ts";
import type { ReplayPolicy } from "./replay-policy.ts";

/** The release's model, asked without its server: what it would answer, by the request's id. Those that it can't answer are left out. */
export type OfflineScorer = (
  requests: readonly ReplayRequest[],
  signal: AbortSignal,
) => Promise<Result<ReadonlyMap<string, GoldenAnswer>, string>>;

const READ_LIMIT = 2000;
const TOTAL_MS = 60_000;
const WARM_UP_COUNT = 3;

/**
 * Golden replay: green answers recorded requests before it gets traffic, and is held to what the offline model says. Without a
 * scorer it is held to what was recorded, as long as the model is the same; another model rightly answers otherwise.
 */
export function replayGate(policy: ReplayPolicy, score: OfflineScorer | null): SwitchGate {
  return {
    judge: async (green) => {
      const plan = planReplay(await green.recordings(READ_LIMIT), policy);
      const golden = score === null ? await fromRecords(plan, green) : await fromModel(plan, green, score);
      if (!golden.ok) return broken(golden.error);
      const { answers, lacks, against } = golden.value;
      const replayed = await send(
        plan.requests.filter(({ id }) => answers.has(id)),
        { answers, green, policy },
      );
      const unsentCount = answers.size - replayed.length;
      const { isFirst } = green;
      const missed = unsentCount === 0 ? lacks : [...lacks, `${unsentCount} were not sent within ${TOTAL_MS} ms`];
      const memory = await green.peakMemory();
      return judgeReplay({ plan, against, replayed, unsentCount, lacks: missed, isFirst, memory }, policy);
    },
  };
}

interface Golden {
  readonly answers: ReadonlyMap<string, GoldenAnswer>;
  readonly against: string;
  readonly lacks: readonly string[];
}

async function fromModel(plan: ReplayPlan, green: GreenService, score: OfflineScorer): Promise<Result<Golden, string>> {
  const { requests } = plan;
  if (requests.length === 0)
    return { ok: true, value: { answers: new Map(), against: "the offline model", lacks: nothing(plan) } };
  const scored = await score(requests, green.signal);
  if (!scored.ok) return scored;
  const unscored = requests.length - requests.filter(({ id }) => scored.value.has(id)).length;
  const lacks = unscored === 0 ? nothing(plan) : [`the offline model did not answer ${unscored} of ${requests.length}`];
  return { ok: true, value: { answers: scored.value, against: "the offline model", lacks } };
}

async function fromRecords(plan: ReplayPlan, green: GreenService): Promise<Result<Golden, string>> {
  const answers = new Map<string, GoldenAnswer>();
  let otherModelCount = 0;
  for (const { id, recorded, deploymentId } of plan.requests) {
    if (recorded === null || deploymentId === null) continue;
    // A release without a model is code alone, and code alone is to answer as before.
    const isSameModel = (await green.modelOf(deploymentId)) === green.modelDigest;
    if (isSameModel) answers.set(id, recorded);
    else otherModelCount += 1;
  }
  const lacks = otherModelCount === 0 ? nothing(plan) : [`${otherModelCount} were answered by another model`];
  return { ok: true, value: { answers, against: "the recorded answers", lacks } };
}

function nothing({ recordedCount, requests }: ReplayPlan): readonly string[] {
  if (recordedCount === 0) return ["nothing was recorded yet"];
  return requests.length === 0 ? ["nothing that was recorded may be sent again"] : [];
}

async function send(
  requests: readonly ReplayRequest[],
  by: {
    readonly answers: ReadonlyMap<string, GoldenAnswer>;
    readonly green: GreenService;
    readonly policy: ReplayPolicy;
  },
): Promise<readonly ReplayedRequest[]> {
  const { answers, green, policy } = by;
  const ask = ({ method, path, headers, body }: ReplayRequest) =>
    green.request({ method, path, headers, body, timeoutMs: policy.timeoutMs });
  const deadline = performance.now() + TOTAL_MS;
  // A process that has just started is slow at its first answers, which tells nothing of the release.
  for (const request of requests.slice(0, WARM_UP_COUNT)) await ask(request);
  const replayed: ReplayedRequest[] = [];
  for (const request of requests) {
    green.signal.throwIfAborted();
    if (performance.now() > deadline) break;
    const golden = answers.get(request.id);
    if (golden === undefined) continue;
    const answer = await ask(request);
    const differences =
      answer.status === 0
        ? [{ path: "", expected: `status ${golden.status}`, actual: `no answer: ${answer.detail}`, delta: null }]
        : compareAnswers(golden, answer, policy);
    replayed.push({ request: `${request.method} ${request.path}`, differences, durationMs: answer.durationMs });
  }
  return replayed;
}

/** A scorer that breaks is the release's own, so that not even the first release gets past it. */
function broken(why: string): GateJudgement {
  return { verdict: "inconclusive", why, problems: [], figures: {}, isHeld: true };
}
