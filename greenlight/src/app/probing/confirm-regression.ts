import type { BenchmarkEvidence, LatencyFigures } from "../../evidence/evidence.ts";
import { compareLatency, medianFigures } from "./latency-comparison.ts";
import { runLoadRound, type LoadOptions } from "./load-round.ts";
import { isBroken } from "./load-series.ts";

type Comparison = NonNullable<BenchmarkEvidence["comparison"]>;

/**
 * True for a rejection, and for an interval too wide to tell. Without an interval (two figures that are not comparable,
 * other people's requests meanwhile) turns would not tell either.
 */
export function isWorthTurns({ verdict, low, high }: Pick<Comparison, "verdict" | "low" | "high">): boolean {
  return verdict === "reject" || (verdict === "inconclusive" && low < high);
}

/**
 * A service that is slower than a baseline measured minutes ago may be no slower: the machine may be busier. Before it is
 * judged, both are measured again in turns, round by round, so that whatever slows the machine slows both. The answer
 * is that of these turns. Inconclusive when the baseline's service no longer answers.
 */
export async function confirmRegression(
  first: Comparison,
  options: Omit<LoadOptions, "url"> & {
    readonly url: string;
    readonly baselineUrl: string;
    readonly roundCount: number;
    readonly request: string;
    readonly limitRatio: number;
    log(line: string): void;
  },
): Promise<Comparison> {
  const now: LatencyFigures[] = [];
  const reference: LatencyFigures[] = [];
  for (let round = 1; round <= options.roundCount; round += 1) {
    for (const [url, figures] of [
      [options.baselineUrl, reference],
      [options.url, now],
    ] as const) {
      const measured = await runLoadRound({ ...options, url });
      if (measured.figures === null || isBroken(measured)) {
        const why = `${first.why}; ${first.against} could not be measured again: ${measured.faults || "no answer"}`;
        return { ...first, verdict: "inconclusive", why };
      }
      figures.push(measured.figures);
    }
    options.log(
      `turn ${round}: ${now.at(-1)?.p50Ms.toFixed(2)} ms, reference ${reference.at(-1)?.p50Ms.toFixed(2)} ms`,
    );
  }
  const head = { request: options.request, connectionCount: options.connectionCount };
  const against = `${first.against}, measured again in turns`;
  const comparison = compareLatency(
    { ...head, rounds: now, median: medianFigures(now) },
    { ...head, rounds: reference, median: medianFigures(reference) },
    { against, limitRatio: options.limitRatio, foreignShare: 0, isPaired: true },
  );
  const before = `${first.ratio.toFixed(2)} times ${first.against}`;
  return { ...comparison, why: `${comparison.why}; at first ${before}` };
}
