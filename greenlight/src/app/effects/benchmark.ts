import { z } from "zod";

import { problem } from "../../base/problem.ts";
import type { Effect, EffectContext, EffectResult } from "../../engine/steps/effect.ts";
import type { BenchmarkEvidence, Evidence, LatencyFigures } from "../../evidence/evidence.ts";
import { formatCount } from "../../evidence/figures.ts";
import { judgeEvidence } from "../../evidence/judge.ts";
import { confirmRegression, isWorthTurns } from "../probing/confirm-regression.ts";
import { countRequests, foreignShare } from "../probing/count-requests.ts";
import { requireDeployment, type DeploymentFacts } from "../probing/deployment-facts.ts";
import { parseArguments, requestMethod, servicePath } from "../probing/effect-arguments.ts";
import { addressOf, probe } from "../probing/http-client.ts";
import { compareLatency, medianFigures } from "../probing/latency-comparison.ts";
import { runLoadRound, type LoadOptions, type LoadRound } from "../probing/load-round.ts";
import { describeFigures, isBroken, runLoadSeries } from "../probing/load-series.ts";

const ARGUMENTS = z.strictObject({
  environment: z.string().min(1),
  request: z.strictObject({ method: requestMethod.default("GET"), path: servicePath, body: z.json().default(null) }),
  connections: z.int().min(1).max(64).default(4),
  rounds: z.int().min(1).max(100).default(10),
  roundMs: z.int().min(20).max(10_000).default(300),
  /** Fails when the median latency is surely more than this many times the baseline's. */
  limitRatio: z.number().min(1).max(100).default(1.5),
  /** What the need `baseline` is called in reports; left out, the baseline of its environment. */
  against: z.string().min(1).max(100).optional(),
});

type BenchmarkArguments = z.infer<typeof ARGUMENTS>;

/**
 * Measures a deployment's latency under closed-loop load, in rounds, and compares it with the benchmark behind the need
 * `baseline`. Without that need the measurement is itself a baseline. A deployment measured before in the same way is
 * not measured again.
 */
export const benchmark: Effect = async (rawArguments, context) => {
  const args = parseArguments(ARGUMENTS, rawArguments, context.step);
  const deployment = requireDeployment(context, args.environment);
  const subject = deployment.deploymentId;
  const before = await context.recall(subject);
  const judged = before === null ? null : judgeEvidence(before.evidence);
  // A measurement that could not tell is no answer: it is taken again.
  if (before !== null && judged?.outcome === "passed") {
    const { outcome, problems } = judged;
    const why = `already measured: deployment ${subject}`;
    return { outcome, isAlready: true, why, problems, evidence: before.evidence, facts: before.facts, subject };
  }
  const refusal = await findRefusal(args, deployment, context.signal);
  if (refusal !== null) return failure(args, subject, refusal);
  const countBefore = await countRequests(context, args.environment);
  let ownCount = 0;
  const runRound = async (options: LoadOptions): Promise<LoadRound> => {
    const round = await runLoadRound(options);
    ownCount += round.answeredCount;
    return round;
  };
  const load = {
    url: addressOf(deployment.url, args.request.path),
    method: args.request.method,
    body: args.request.body === null ? null : JSON.stringify(args.request.body),
    connectionCount: args.connections,
    durationMs: args.roundMs,
    roundCount: args.rounds,
    signal: context.signal,
    log: (line: string) => context.log(line),
  };
  const { rounds } = await runLoadSeries(runRound, load);
  const share = foreignShare(countBefore, await countRequests(context, args.environment), ownCount);
  const figures = rounds.flatMap((round) => round.figures ?? []);
  const broken = rounds.find(isBroken);
  if (broken !== undefined && figures.length === 0) {
    return failure(args, subject, broken.faults || `no answer within a round of ${args.roundMs} ms`);
  }
  const evidence = measure({ args, deployment, rounds, figures, context, share });
  if (broken !== undefined) {
    return { ...failure(args, subject, broken.faults || "a round without an answer"), evidence: [evidence] };
  }
  const settled = await settleRegression(evidence, { args, context, load });
  // The steps that compare with this one find the service by its address.
  const facts = { url: deployment.url };
  return { ...conclude(settled, args, context), isAlready: false, evidence: [settled], facts, subject };
};

/** What is not surely fast enough is settled with the baseline's service measured again in turns. */
async function settleRegression(
  evidence: BenchmarkEvidence,
  taken: {
    readonly args: BenchmarkArguments;
    readonly context: EffectContext;
    readonly load: LoadOptions & { readonly roundCount: number; log(line: string): void };
  },
): Promise<BenchmarkEvidence> {
  const { args, context, load } = taken;
  const baselineUrl = context.needs["baseline"]?.facts["url"];
  if (evidence.comparison === null || !isWorthTurns(evidence.comparison)) return evidence;
  if (typeof baselineUrl !== "string") return evidence;
  context.log("not surely as fast as the baseline: measuring both again, in turns");
  const comparison = await confirmRegression(evidence.comparison, {
    ...load,
    baselineUrl: addressOf(baselineUrl, args.request.path),
    request: evidence.request,
    limitRatio: args.limitRatio,
  });
  return { ...evidence, comparison };
}

/** One request before the load: why it is no use to go on, or null. */
async function findRefusal(
  args: BenchmarkArguments,
  deployment: DeploymentFacts,
  signal: AbortSignal,
): Promise<string | null> {
  const answer = await probe({
    ...args.request,
    body: args.request.body ?? undefined,
    url: deployment.url,
    timeoutMs: 5000,
    signal,
  });
  if (!answer.ok) return answer.error;
  const { status, headers, text } = answer.value;
  if (status < 200 || status > 299) return `status ${status}: ${text.slice(0, 200)}`;
  const named = headers.get("x-release-id") ?? deployment.releaseId;
  return named === deployment.releaseId ? null : `release ${named} answers, expected ${deployment.releaseId}`;
}

function measure(taken: {
  readonly args: BenchmarkArguments;
  readonly deployment: DeploymentFacts;
  readonly rounds: readonly LoadRound[];
  readonly figures: readonly LatencyFigures[];
  readonly context: EffectContext;
  /** The share of requests meanwhile that were not ours. */
  readonly share: number;
}): BenchmarkEvidence {
  const { args, deployment, rounds, figures, context, share } = taken;
  const measured = {
    request: `${args.request.method} ${args.request.path}`,
    connectionCount: args.connections,
    rounds: figures,
    median: medianFigures(figures),
  };
  const baseline = context.needs["baseline"]?.evidence.find(isBenchmark);
  const errorCount = rounds.reduce((sum, round) => sum + round.errorCount, 0);
  return {
    kind: "benchmark",
    environment: args.environment,
    releaseId: deployment.releaseId,
    deploymentId: deployment.deploymentId,
    ...measured,
    requestCount: rounds.reduce((sum, round) => sum + round.answeredCount, 0),
    errorCount,
    comparison:
      baseline === undefined || errorCount > 0
        ? null
        : compareLatency(measured, baseline, {
            against: args.against ?? `${baseline.environment} baseline`,
            limitRatio: args.limitRatio,
            foreignShare: share,
          }),
  };
}

function conclude(
  evidence: BenchmarkEvidence,
  args: BenchmarkArguments,
  context: EffectContext,
): Pick<EffectResult, "outcome" | "why" | "problems"> {
  const { outcome, problems } = judgeEvidence([evidence]);
  if (evidence.comparison !== null) return { outcome, problems, why: evidence.comparison.why };
  const measured = `${describeFigures(evidence.median)}, ${formatCount(evidence.requestCount)} requests`;
  // A baseline that was asked for and is not there leaves the question open, and no answer is not a pass.
  return context.needs["baseline"] === undefined
    ? { outcome, problems, why: `${measured}; first measurement: becomes the baseline` }
    : {
        outcome: "warned",
        problems,
        why: `${measured}; not compared, ${args.against ?? "the baseline"} was not measured`,
      };
}

function failure(args: BenchmarkArguments, subject: string, message: string): EffectResult {
  const found = problem("LOAD_FAILED", {
    place: `${args.environment}, ${args.request.method} ${args.request.path}`,
    message,
  });
  return { outcome: "failed", isAlready: false, why: message, problems: [found], evidence: [], facts: {}, subject };
}

function isBenchmark(evidence: Evidence): evidence is BenchmarkEvidence {
  return evidence.kind === "benchmark";
}
