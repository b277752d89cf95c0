const TONES = ["good", "warn", "bad", "wait", "idle", "data", "soft"] as const;

/** Lines, bars and dots. Fills carry a stroke of their own, so that the shortest bar can still be seen. */
export const CHARTS = `
.strip, .gantt, .axis { display: block; overflow: visible; }
.rail { fill: var(--rail); } .band { fill: var(--band); } .grid { stroke: var(--line); stroke-width: 1; }
.axis text { font-size: 11px; fill: var(--quiet); }
.bar { stroke-width: 1; } .bar.hollow { fill: var(--card) !important; stroke-width: 1.6; }
${TONES.map((tone) => `.bar.${tone} { fill: var(--${tone}-fill); stroke: var(--${tone}-fill); } .mark.${tone} { stroke: var(--${tone}${tone === "idle" ? "" : "-fill"}); } .dot.${tone} { fill: var(--${tone}-fill); } .ring.${tone} { stroke: var(--${tone}-fill); } .diamond.${tone} { fill: var(--${tone}-fill); }`).join("\n")}
.mark { stroke-width: 2; } .dot { stroke: var(--card); stroke-width: 1.2; } .ring { fill: var(--card); stroke-width: 2; } .diamond { stroke: var(--card); stroke-width: 1.5; }
.pause { fill: var(--wait-tint); }
.timeline .row { display: grid; grid-template-columns: minmax(120px, 210px) 1fr 72px; gap: 14px; align-items: center; }
.timeline .label { display: flex; gap: 8px; align-items: center; min-width: 0; text-decoration: none; font-size: 14px; }
.timeline .label span { color: var(--ink); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; } .timeline .label.idle span { color: var(--quiet); }
.timeline .label:hover span { text-decoration: underline; }
.timeline .row .num { font-size: 13px; color: var(--quiet); }
.timeline h3 { display: flex; justify-content: space-between; font-size: 13px; color: var(--quiet); font-weight: 600; padding: 8px 0 2px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 12px; font-size: 13px; color: var(--quiet); }
.legend span { display: inline-flex; gap: 6px; align-items: center; }
.plot figcaption { font-size: 13px; color: var(--quiet); margin-bottom: 4px; }
.plot-row { display: grid; grid-template-columns: 34px 1fr 76px; gap: 12px; align-items: center; } .plot-row b { font-size: 13px; font-weight: 550; } .plot-row .num { font-size: 13px; }
.interval { margin-top: 0; }
@media (max-width: 620px) {
  .timeline .row { grid-template-columns: 1fr auto; gap: 0 10px; padding: 3px 0; }
  .timeline .row .gantt { grid-column: 1 / -1; grid-row: 2; height: 16px; } .timeline .axis-row .axis { grid-column: 1 / -1; }
}
`;
