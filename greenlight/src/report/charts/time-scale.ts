/** A stretch of time in which a run only waited, in milliseconds since the epoch. */
export interface Pause {
  readonly from: number;
  readonly to: number;
}

export interface TimeScale {
  readonly start: number;
  readonly end: number;
  /** Pauses that are drawn shorter than they were. */
  readonly breaks: readonly Pause[];
  /** Milliseconds since the epoch → share of the width, 0–1; never falls when time rises. */
  place(moment: number): number;
}

/** A pause longer than this share of the time around it is shortened, or an hour's wait would hide the work. */
const LONGEST_PAUSE_SHARE = 0.25;
const DRAWN_PAUSE_SHARE = 0.08;

/** A scale over [start, end] on which long pauses take a small, fixed share of the width. */
export function timeScale(options: { start: number; end: number; pauses: readonly Pause[] }): TimeScale {
  const { start } = options;
  const end = Math.max(options.end, start + 1);
  const pauses = disjoint(options.pauses, start, end);
  const paused = pauses.reduce((sum, pause) => sum + pause.to - pause.from, 0);
  const worked = end - start - paused;
  // With nothing but waiting there is no work to make room for.
  const breaks = worked < 1 ? [] : pauses.filter((pause) => pause.to - pause.from > worked * LONGEST_PAUSE_SHARE);
  const broken = breaks.reduce((sum, pause) => sum + pause.to - pause.from, 0);
  const rest = end - start - broken;
  const drawn = rest * DRAWN_PAUSE_SHARE;
  const width = rest + drawn * breaks.length;
  return {
    start,
    end,
    breaks,
    place(moment) {
      const inside = Math.min(end, Math.max(start, moment));
      let position = inside - start;
      for (const pause of breaks) {
        const passed = Math.max(0, Math.min(inside, pause.to) - pause.from);
        position += (passed / (pause.to - pause.from)) * drawn - passed;
      }
      return Math.min(1, Math.max(0, position / width));
    },
  };
}

/** Cut to [start, end], in order, overlaps joined. */
function disjoint(pauses: readonly Pause[], start: number, end: number): readonly Pause[] {
  const inside = pauses
    .map((pause) => ({ from: Math.max(start, pause.from), to: Math.min(end, pause.to) }))
    .filter((pause) => pause.to > pause.from)
    .toSorted((left, right) => left.from - right.from);
  const joined: Pause[] = [];
  for (const pause of inside) {
    const last = joined.at(-1);
    if (last !== undefined && pause.from <= last.to) {
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, pause.to) };
    } else joined.push(pause);
  }
  return joined;
}
