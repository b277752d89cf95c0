/** What a router counted of one deployment. */
export interface TrafficFigures {
  readonly requestCount: number;
  /** Answered with 500 or more, or broken off. */
  readonly errorCount: number;
  /** Null: the router does not measure them. */
  readonly durations: DurationCounts | null;
}

/** A histogram: `counts[i]` answers took at most `boundsMs[i]` and more than the bound before; one more count for the rest. */
export interface DurationCounts {
  /** Ascending. */
  readonly boundsMs: readonly number[];
  readonly counts: readonly number[];
}

/** A router that counts is trusted only as far as its figures can be: whole, finite, none negative. */
export function areWhole(figures: TrafficFigures): boolean {
  const { requestCount, errorCount, durations } = figures;
  if (!isCount(requestCount) || !isCount(errorCount)) return false;
  if (durations === null) return true;
  const { boundsMs, counts } = durations;
  const isAscending = boundsMs.every((bound, index) => bound > (index === 0 ? 0 : (boundsMs[index - 1] ?? 0)));
  return counts.length === boundsMs.length + 1 && counts.every(isCount) && isAscending;
}

function isCount(count: number): boolean {
  return Number.isSafeInteger(count) && count >= 0;
}
