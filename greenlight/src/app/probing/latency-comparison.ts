import type { BenchmarkEvidence, LatencyFigures, Verdict } from "../../evidence/evidence.ts";
import { bootstrap, bootstrapTwoSamples, percentileInterval } from "../../statistics/bootstrap.ts";
import { median, quantile } from "../../statistics/quantile.ts";

type Comparison = NonNullable<BenchmarkEvidence["comparison"]>;
type Measured = Pick<BenchmarkEvidence, "rounds" | "median" | "request" | "connectionCount">;

/** Fewer rounds than this on a side decide nothing (DESIGN §6). */
const MINIMUM_ROUNDS = 10;
/** Beyond this share of other people's requests, the latency tells of their load and not of the release. */
const MAXIMUM_FOREIGN_SHARE = 0.1;
const RESAMPLES = { resampleCount: 5000, seed: 1 };

/** The median of each figure over the rounds. */
export function medianFigures(rounds: readonly LatencyFigures[]): LatencyFigures {
  const over = (figure: keyof LatencyFigures): number => median(rounds.map((round) => round[figure]));
  return {
    p50Ms: over("p50Ms"),
    p95Ms: over("p95Ms"),
    p99Ms: over("p99Ms"),
    requestsPerSecond: over("requestsPerSecond"),
  };
}

/**
 * New over old latency: the ratio of the median rounds' p50, with a 95 % bootstrap interval. The round is the unit, not
 * the request, because requests of one round share whatever slowed it. Rejects only when the whole interval lies above
 * the limit, promotes only when all of it lies below, and is inconclusive between.
 */
export function compareLatency(
  measured: Measured,
  baseline: Measured,
  options: {
    readonly against: string;
    readonly limitRatio: number;
    readonly foreignShare: number;
    readonly isPaired?: boolean;
  },
): Comparison {
  const { against, limitRatio } = options;
  const news = measured.rounds.map((round) => Math.log(round.p50Ms));
  const olds = baseline.rounds.map((round) => Math.log(round.p50Ms));
  const ratio = measured.median.p50Ms / baseline.median.p50Ms;
  const settle = (verdict: Verdict, why: string, range = { low: ratio, high: ratio }): Comparison => ({
    against,
    baseline: baseline.median,
    ratio,
    ...range,
    limit: limitRatio,
    verdict,
    why,
  });
  const obstacle = findObstacle(measured, baseline, options.foreignShare);
  if (obstacle !== null) return settle("inconclusive", `not comparable with ${against}: ${obstacle}`);
  // Rounds measured in turns share what slowed the machine just then: their differences are free of it.
  const pairs = options.isPaired === true ? news.map((value, index) => value - (olds[index] ?? Number.NaN)) : null;
  const ratios = pairs === null ? twoSampleRatios(news, olds) : pairedRatios(pairs);
  const logs = percentileInterval(ratios, 0.95);
  const range = { low: Math.exp(logs.low), high: Math.exp(logs.high) };
  const verdict = range.low > limitRatio ? "reject" : range.high < limitRatio ? "promote" : "inconclusive";
  const noise = Math.round(100 * (Math.exp(pairs === null ? Math.max(spread(news), spread(olds)) : spread(pairs)) - 1));
  const why =
    `p50 ${measured.median.p50Ms.toFixed(2)} ms, ${ratio.toFixed(2)} times ${against} ` +
    `(${range.low.toFixed(2)} to ${range.high.toFixed(2)}, limit ${limitRatio}); rounds vary by ${noise} %`;
  return settle(verdict, verdict === "inconclusive" ? `too noisy to tell: ${why}` : why, range);
}

function twoSampleRatios(news: readonly number[], olds: readonly number[]): Float64Array {
  const newBuffer = new Float64Array(news.length);
  const oldBuffer = new Float64Array(olds.length);
  return bootstrapTwoSamples(
    { left: news.length, right: olds.length },
    (left, right) => medianAt(news, left, newBuffer) - medianAt(olds, right, oldBuffer),
    RESAMPLES,
  );
}

function pairedRatios(differences: readonly number[]): Float64Array {
  const buffer = new Float64Array(differences.length);
  return bootstrap(differences.length, (picks) => medianAt(differences, picks, buffer), RESAMPLES);
}

function findObstacle(measured: Measured, baseline: Measured, foreignShare: number): string | null {
  if (foreignShare > MAXIMUM_FOREIGN_SHARE) {
    return `${Math.round(100 * foreignShare)} % of the requests meanwhile were other people's`;
  }
  if (measured.request !== baseline.request) return `it was measured with ${baseline.request}`;
  if (measured.connectionCount !== baseline.connectionCount) {
    return `it was measured over ${baseline.connectionCount} connections`;
  }
  const fewest = Math.min(measured.rounds.length, baseline.rounds.length);
  if (fewest < MINIMUM_ROUNDS) return `${fewest} rounds on one side, at least ${MINIMUM_ROUNDS} are needed`;
  const isTimed = [...measured.rounds, ...baseline.rounds].every((round) => round.p50Ms > 0);
  return isTimed ? null : "a round without a latency";
}

/** The median of the picked values, sorted in a buffer that is used again: this runs ten thousand times. */
function medianAt(values: readonly number[], picks: Uint32Array, buffer: Float64Array): number {
  for (let index = 0; index < picks.length; index += 1) buffer[index] = values[picks[index] as number] as number;
  buffer.sort();
  return quantile(buffer, 0.5);
}

/** Standard deviation. */
function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1));
}
