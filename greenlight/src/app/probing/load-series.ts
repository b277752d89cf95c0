import type { LatencyFigures } from "../../evidence/evidence.ts";
import type { LoadOptions, LoadRound } from "./load-round.ts";

export interface LoadSeries {
  /** The rounds that count; after one with an error there are no more, and it is the last. */
  readonly rounds: readonly LoadRound[];
  readonly warmUpCount: number;
}

/** Warm-up ends after this many rounds in a row that were no longer clearly faster than the best before. */
const STEADY_ROUNDS = 2;
const CLEARLY_FASTER = 0.9;
const MAX_WARM_UP_ROUNDS = 12;

/**
 * Load until the latency no longer falls, then the rounds that count. Both sides start cold: a service just deployed
 * and the load generator itself become several times as fast within seconds, which would read as a slow baseline and
 * hide a regression behind it.
 */
export async function runLoadSeries(
  runRound: (options: LoadOptions) => Promise<LoadRound>,
  options: LoadOptions & { readonly roundCount: number; log(line: string): void },
): Promise<LoadSeries> {
  let best = Number.POSITIVE_INFINITY;
  let warmUpCount = 0;
  for (let steady = 0; steady < STEADY_ROUNDS && warmUpCount < MAX_WARM_UP_ROUNDS; warmUpCount += 1) {
    const round = await runRound(options);
    options.log(`warm-up ${warmUpCount + 1}: ${describeRound(round)}`);
    if (round.figures === null || isBroken(round)) return { rounds: [round], warmUpCount };
    const { p50Ms } = round.figures;
    steady = p50Ms < best * CLEARLY_FASTER ? 0 : steady + 1;
    best = Math.min(best, p50Ms);
  }
  const rounds: LoadRound[] = [];
  for (let number = 1; number <= options.roundCount; number += 1) {
    const round = await runRound(options);
    options.log(`round ${number}: ${describeRound(round)}`);
    rounds.push(round);
    if (isBroken(round)) break;
  }
  return { rounds, warmUpCount };
}

/** True when a round had an error or gave no answer at all. */
export function isBroken(round: LoadRound): boolean {
  return round.errorCount > 0 || round.figures === null;
}

/** "p50 2.10 ms, p95 3.40 ms, 1800/s". */
export function describeFigures(figures: LatencyFigures): string {
  const rate = Math.round(figures.requestsPerSecond);
  return `p50 ${figures.p50Ms.toFixed(2)} ms, p95 ${figures.p95Ms.toFixed(2)} ms, ${rate}/s`;
}

function describeRound(round: LoadRound): string {
  const shown = round.figures === null ? "no answer" : describeFigures(round.figures);
  return round.faults === "" ? shown : `${shown}; ${round.faults}`;
}
