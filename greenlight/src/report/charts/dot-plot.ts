import type { Tone } from "../section.ts";
import { type Markup, markup } from "../text/markup.ts";
import { percent, strip } from "./strip.ts";
import { numberTicks } from "./ticks.ts";

export interface DotRow {
  readonly name: string;
  readonly values: readonly number[];
  /** The row's summary, drawn as a tall mark. */
  readonly middle: number;
  /** What it is compared with, drawn as a second mark. */
  readonly reference: number | null;
  readonly text: string;
}

/** A row of dots for each figure, on one axis from zero. `write` puts a value of the axis into words. */
export function dotPlot(rows: readonly DotRow[], options: { label: string; write: (value: number) => string }): Markup {
  const all = rows.flatMap((row) => [...row.values, row.middle, row.reference ?? 0]).filter(Number.isFinite);
  const largest = Math.max(...all, 0) * 1.04 || 1;
  const ticks = numberTicks(largest, 6);
  return markup`<figure class="plot"><figcaption>${options.label}</figcaption>${rows.map(
    (row) =>
      markup`<div class="plot-row"><b>${row.name}</b>${strip({
        height: 20,
        hasRail: false,
        segments: [rangeOf(row, largest)],
        marks: marksOf(row, largest),
        dots: row.values.map((value) => ({ at: value / largest, tone: "data", title: options.write(value) })),
      })}<span class="num">${row.text}</span></div>`,
  )}<div class="plot-row"><b></b><svg class="axis" width="100%" height="16" aria-hidden="true">${ticks.map(
    (tick) =>
      markup`<text x="${percent(tick / largest)}" y="12" text-anchor="${tick === 0 ? "start" : "middle"}">${options.write(tick)}</text>`,
  )}</svg><span></span></div></figure>`;
}

function rangeOf(row: DotRow, largest: number): { from: number; to: number; tone: Tone } {
  const values = row.values.filter(Number.isFinite);
  if (values.length === 0) return { from: 0, to: 0, tone: "soft" };
  return { from: Math.min(...values) / largest, to: Math.max(...values) / largest, tone: "soft" };
}

function marksOf(row: DotRow, largest: number): readonly { at: number; tone: Tone }[] {
  const middle = { at: row.middle / largest, tone: "data" as const };
  return row.reference === null ? [middle] : [{ at: row.reference / largest, tone: "idle" as const }, middle];
}
