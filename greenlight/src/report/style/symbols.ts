import { type Markup, ownMarkup } from "../text/markup.ts";

/**
 * One shape a state, told apart without colour: disc, ring, triangle, octagon, diamond, square. The body takes the
 * colour of its surroundings; what is cut out of it takes the paper's.
 */
const CUT = 'fill="none" stroke="var(--card)" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"';
const LINE = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';

const SHAPES: Readonly<Record<string, string>> = {
  passed: `<circle cx="10" cy="10" r="9" fill="currentColor"/><path ${CUT} d="M5.8 10.4l2.9 2.9 5.5-6"/>`,
  cached: `<circle ${LINE} cx="10" cy="10" r="8"/><path ${LINE} d="M6.4 10.3l2.5 2.5 4.7-5.2"/>`,
  already: `<circle ${LINE} cx="10" cy="10" r="8"/><path ${LINE} d="M6.7 8.2h6.6M6.7 11.8h6.6"/>`,
  warned: `<path fill="currentColor" d="M10 1.2 19.4 18H.6z"/><path ${CUT} d="M10 7.4v4.2M10 14.8v.1"/>`,
  failed: `<path fill="currentColor" d="M6.2 1h7.6L19 6.2v7.6L13.8 19H6.2L1 13.8V6.2z"/><path ${CUT} d="M6.9 6.9l6.2 6.2M13.1 6.9l-6.2 6.2"/>`,
  errored: `<path fill="currentColor" d="M10 .4 19.6 10 10 19.6.4 10z"/><path ${CUT} d="M10 5.6v5M10 13.9v.1"/>`,
  cancelled: `<rect x="1.5" y="1.5" width="17" height="17" rx="3" fill="currentColor"/><path ${CUT} d="M6.5 10h7"/>`,
  skipped: `<circle ${LINE} cx="10" cy="10" r="8" stroke-dasharray="2.4 3.2"/><path ${LINE} d="M7 10h6"/>`,
  waiting: `<circle cx="10" cy="10" r="9" fill="currentColor"/><path ${CUT} d="M7.8 6.8v6.4M12.2 6.8v6.4"/>`,
  running: `<circle ${LINE} cx="10" cy="10" r="8"/><path fill="currentColor" d="M8 6.4v7.2l5.8-3.6z"/>`,
  pending: `<circle ${LINE} cx="10" cy="10" r="8" stroke-dasharray=".1 4.1"/>`,
};

/** The definitions that `<use>` refers to; put once into the page. */
export function symbols(): Markup {
  const all = Object.entries(SHAPES).map(
    ([name, body]) => `<symbol id="shape-${name}" viewBox="0 0 20 20">${body}</symbol>`,
  );
  return ownMarkup(
    `<svg width="0" height="0" class="symbols" aria-hidden="true" focusable="false">${all.join("")}</svg>`,
  );
}
