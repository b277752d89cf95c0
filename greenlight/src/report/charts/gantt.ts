import { formatDuration } from "../text/format.ts";
import { type Markup, markup } from "../text/markup.ts";
import { percent } from "./strip.ts";
import { timeTicks } from "./ticks.ts";
import type { TimeScale } from "./time-scale.ts";

const ROW_HEIGHT = 24;
const BAR_HEIGHT = 10;
const MOST_TICKS = 8;
/** A shorter outline would have no inside to be hollow: it is drawn as a small square. */
const SHORTEST_HOLLOW_SHARE = 0.012;

export interface GanttRow {
  readonly bar: { readonly from: number; readonly to: number; readonly tone: string; readonly look: GanttLook } | null;
  /** Milliseconds since the epoch. */
  readonly approvals: readonly { readonly at: number; readonly isGranted: boolean }[];
  readonly title: string;
}

/** `solid`: worked. `hollow`: taken from cache. `ring`: there was nothing to do. */
export type GanttLook = "solid" | "hollow" | "ring";

/** The figures above the rows. */
export function ganttAxis(scale: TimeScale): Markup {
  return markup`<svg class="axis" width="100%" height="18" aria-hidden="true">${ticks(scale).map(
    (tick) =>
      markup`<text x="${tick.x}" y="13" text-anchor="${tick.anchor}">${tick.elapsed === 0 ? "0" : tickLabel(tick.elapsed)}</text>`,
  )}</svg>`;
}

/** One row: its stage as a band behind it, the step as a bar, approvals as diamonds. */
export function ganttRow(scale: TimeScale, row: GanttRow, band: { from: number; to: number } | null): Markup {
  return markup`<svg class="gantt" width="100%" height="${ROW_HEIGHT}" aria-hidden="true">${
    band === null ? null : box("band", scale, band, { y: 0, height: ROW_HEIGHT })
  }${ticks(scale).map((tick) => markup`<line class="grid" x1="${tick.x}" x2="${tick.x}" y1="0" y2="${ROW_HEIGHT}"/>`)}${scale.breaks.map(
    (pause) => box("pause", scale, pause, { y: 0, height: ROW_HEIGHT }),
  )}${row.bar === null ? null : barOf(scale, row.bar, row.title)}${row.approvals.map((approval) => diamond(scale, approval))}</svg>`;
}

function barOf(scale: TimeScale, bar: NonNullable<GanttRow["bar"]>, title: string): Markup {
  const hover = markup`<title>${title}</title>`;
  if (bar.look === "ring") {
    return markup`<circle class="ring ${bar.tone}" cx="${percent(scale.place(bar.from))}" cy="${ROW_HEIGHT / 2}" r="4.5">${hover}</circle>`;
  }
  const y = (ROW_HEIGHT - BAR_HEIGHT) / 2;
  if (bar.look === "solid") return box(`bar ${bar.tone}`, scale, bar, { y, height: BAR_HEIGHT }, hover);
  if (scale.place(bar.to) - scale.place(bar.from) >= SHORTEST_HOLLOW_SHARE) {
    return box(`bar hollow ${bar.tone}`, scale, bar, { y, height: BAR_HEIGHT }, hover);
  }
  return markup`<svg x="${percent(scale.place(bar.from))}" y="${y}" overflow="visible"><rect class="bar hollow ${bar.tone}" width="${BAR_HEIGHT}" height="${BAR_HEIGHT}" rx="2">${hover}</rect></svg>`;
}

function diamond(scale: TimeScale, approval: { at: number; isGranted: boolean }): Markup {
  // A nested viewport carries the percentage; inside it the diamond is drawn in pixels around its origin.
  return markup`<svg x="${percent(scale.place(approval.at))}" y="${ROW_HEIGHT / 2}" overflow="visible"><path class="diamond ${approval.isGranted ? "wait" : "bad"}" d="M0-7 7 0 0 7-7 0z"/></svg>`;
}

function box(
  look: string,
  scale: TimeScale,
  time: { from: number; to: number },
  place: { y: number; height: number },
  inside: Markup | null = null,
): Markup {
  const from = scale.place(time.from);
  const width = Math.max(0, scale.place(time.to) - from);
  return markup`<rect class="${look}" x="${percent(from)}" y="${place.y}" width="${percent(width)}" height="${place.height}" rx="2">${inside}</rect>`;
}

interface Tick {
  readonly elapsed: number;
  readonly x: string;
  readonly anchor: "start" | "middle" | "end";
}

/** Ticks of the time worked: a shortened pause holds none. */
function ticks(scale: TimeScale): readonly Tick[] {
  const paused = scale.breaks.reduce((sum, pause) => sum + pause.to - pause.from, 0);
  const all = timeTicks(scale.end - scale.start - paused, MOST_TICKS).map((worked) => {
    let elapsed = worked;
    for (const pause of scale.breaks) {
      if (scale.start + elapsed > pause.from) elapsed += pause.to - pause.from;
    }
    const place = scale.place(scale.start + elapsed);
    const anchor = place < 0.03 ? ("start" as const) : place > 0.95 ? ("end" as const) : ("middle" as const);
    return { elapsed, x: percent(place), anchor };
  });
  return all;
}

function tickLabel(elapsedMs: number): string {
  return formatDuration(elapsedMs).replace(/\.0(?=\u00A0)/, "");
}
