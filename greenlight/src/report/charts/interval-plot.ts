import type { Tone } from "../section.ts";
import { type Markup, markup } from "../text/markup.ts";
import { percent, strip } from "./strip.ts";

/** A point with its interval, beside "no change" and the limit, on an axis of its own. */
export function intervalPlot(options: {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  readonly same: number;
  readonly limit: number;
  readonly tone: Tone;
  readonly label: string;
  readonly write: (value: number) => string;
}): Markup {
  const { low, middle, high, same, limit } = options;
  const known = [low, middle, high, same, limit].filter(Number.isFinite);
  const least = Math.min(...known);
  const most = Math.max(...known);
  const margin = (most - least) * 0.12 || 0.1;
  const place = (value: number): number => (value - least + margin) / (most - least + 2 * margin);
  return markup`<figure class="plot interval"><figcaption class="hidden">${options.label}</figcaption>${strip({
    height: 22,
    hasRail: false,
    segments: [
      {
        from: place(low),
        to: place(high),
        tone: options.tone,
        title: `${options.write(low)} to ${options.write(high)}`,
      },
    ],
    marks: [
      { at: place(same), tone: "idle" },
      { at: place(limit), tone: "bad" },
    ],
    dots: [{ at: place(middle), tone: options.tone, title: options.write(middle) }],
  })}<svg class="axis" width="100%" height="16" aria-hidden="true"><text x="${percent(place(same))}" y="12" text-anchor="${anchor(same, limit)}">same</text><text x="${percent(place(limit))}" y="12" text-anchor="${anchor(limit, same)}">limit ${options.write(limit)}</text></svg></figure>`;
}

/** Two labels that point away from each other do not run into each other. */
function anchor(own: number, other: number): string {
  return own <= other ? "start" : "end";
}
