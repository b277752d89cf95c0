import type { RunState } from "../state.ts";
import { type Markup, ownMarkup } from "../text/markup.ts";

type Lamp = "red" | "amber" | "green" | "none";

const LAMPS: Readonly<Record<RunState, Lamp>> = {
  passed: "green",
  skipped: "green",
  warned: "amber",
  waiting: "amber",
  running: "amber",
  failed: "red",
  errored: "red",
  cancelled: "none",
  pending: "none",
};
const LIGHT: Readonly<Record<Lamp, string>> = { red: "#f0564c", amber: "#f2b233", green: "#2fc07c", none: "#aab2bd" };
const HEIGHT: Readonly<Record<Lamp, number>> = { red: 22, amber: 58, green: 94, none: 58 };
/** Drawn into the lit lamp, around its middle. */
const GLYPHS: Readonly<Record<RunState, string>> = {
  passed: "M-7 .5l5 5L7-6",
  skipped: "M-7 0H7",
  warned: "M0-8V2M0 8v.1",
  waiting: "M-4-6V6M4-6V6",
  running: "M-6 0h.1M0 0h.1M6 0h.1",
  failed: "M-6-6 6 6M6-6-6 6",
  errored: "M0-8V2M0 8v.1",
  cancelled: "M-6-6H6V6H-6z",
  pending: "M-6 0h.1M0 0h.1M6 0h.1",
};

/** The traffic light: place, colour and glyph of the one lit lamp say the same thing. */
export function signal(outcome: RunState): Markup {
  return ownMarkup(`<svg class="signal" viewBox="0 0 44 116" aria-hidden="true">${drawing(outcome)}</svg>`);
}

/** The lit lamp alone, as the icon of the browser's tab: a `data:` address. */
export function signalIcon(outcome: RunState): string {
  const lamp = LAMPS[outcome];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 -16 32 32"><circle r="15" fill="${LIGHT[lamp]}"/>${glyph(outcome)}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function drawing(outcome: RunState): string {
  const lit = LAMPS[outcome];
  const y = HEIGHT[lit];
  const dark = [22, 58, 94]
    .filter((each) => each !== y)
    .map((each) => `<circle cx="22" cy="${each}" r="13" fill="#39424d"/>`);
  return `<rect width="44" height="116" rx="16" fill="#20262d"/>${dark.join("")}<circle cx="22" cy="${y}" r="17.5" fill="${LIGHT[lit]}" opacity=".25"/><circle cx="22" cy="${y}" r="14" fill="${LIGHT[lit]}"/><g transform="translate(22 ${y})">${glyph(outcome)}</g>`;
}

function glyph(outcome: RunState): string {
  return `<path d="${GLYPHS[outcome]}" fill="none" stroke="#10151a" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round"/>`;
}
