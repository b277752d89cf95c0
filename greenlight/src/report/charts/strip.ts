import type { Tone } from "../section.ts";
import { type Markup, markup } from "../text/markup.ts";

export interface Segment {
  /** Shares of the width, 0–1. */
  readonly from: number;
  readonly to: number;
  readonly tone: Tone;
  /** Shown on hover. */
  readonly title?: string;
  /** Drawn as an outline: work that was not done again. */
  readonly isHollow?: boolean;
}

export interface Strip {
  readonly segments?: readonly Segment[];
  readonly dots?: readonly { readonly at: number; readonly tone: Tone; readonly title?: string }[];
  /** Upright lines: a floor, a limit, a reference. */
  readonly marks?: readonly { readonly at: number; readonly tone: Tone }[];
  /** Pixels. */
  readonly height?: number;
  /** False: no rail behind the segments. */
  readonly hasRail?: boolean;
  /** What the picture says. Empty when the numbers stand beside it: then it is decoration. */
  readonly label?: string;
}

/** One horizontal strip of a chart, as wide as its place: the heart of every bar, interval and dot plot here. */
export function strip(options: Strip): Markup {
  const { segments = [], dots = [], marks = [], height = 10, hasRail = true, label = "" } = options;
  const middle = height / 2;
  const barHeight = Math.min(height, 10);
  const y = (height - barHeight) / 2;
  return markup`<svg class="strip" width="100%" height="${height}" ${roleOf(label)}>${
    hasRail ? markup`<rect class="rail" y="${y}" width="100%" height="${barHeight}" rx="2"/>` : null
  }${segments.map((segment) => bar(segment, y, barHeight))}${marks.map(
    (mark) =>
      markup`<line class="mark ${mark.tone}" x1="${percent(mark.at)}" x2="${percent(mark.at)}" y1="0" y2="${height}"/>`,
  )}${dots.map(
    (dot) =>
      markup`<circle class="dot ${dot.tone}" cx="${percent(dot.at)}" cy="${middle}" r="4">${titleOf(dot.title)}</circle>`,
  )}</svg>`;
}

/** 0–1 → "12.34%"; what lies outside is drawn at the edge. */
export function percent(share: number): string {
  const inside = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  return `${Math.round(inside * 10_000) / 100}%`;
}

function bar(segment: Segment, y: number, height: number): Markup {
  const from = Math.min(segment.from, segment.to);
  const width = Math.abs(segment.to - segment.from);
  const look = segment.isHollow === true ? "bar hollow" : "bar";
  return markup`<rect class="${look} ${segment.tone}" x="${percent(from)}" y="${y}" width="${percent(width)}" height="${height}" rx="2">${titleOf(segment.title)}</rect>`;
}

function roleOf(label: string): Markup {
  return label === "" ? markup`aria-hidden="true"` : markup`role="img" aria-label="${label}"`;
}

function titleOf(title: string | undefined): Markup | null {
  return title === undefined ? null : markup`<title>${title}</title>`;
}
