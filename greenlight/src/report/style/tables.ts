/** Tables and lists of the sections. On narrow screens the steps become blocks; their roles keep them a table. */
export const TABLES = `
table { border-collapse: collapse; width: 100%; }
table + table, table + h3, .note + table, .note + h3, .pairs + table, .scroll + .scroll, ul + h3, p + table, table + .lead, .tool, .failures, figure { margin-top: 20px; }
caption { text-align: left; font-weight: 650; padding-bottom: 6px; } caption small { margin-left: 10px; }
caption.hidden { position: absolute; }
th, td { padding: 5px 12px 5px 0; text-align: left; vertical-align: baseline; font-weight: 400; border-top: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-size: 13px; color: var(--quiet); border-top: 0; padding-top: 2px; vertical-align: bottom; }
thead.hidden + tbody > tr:first-child > * { border-top: 0; }
.num { text-align: right; }
tr.own th, tr.own .num { font-weight: 650; } tr.few { color: var(--quiet); } tr.few .bar { opacity: .45; }
tr.total th, tr.total .num { font-weight: 650; }
.scroll { overflow-x: auto; }
.steps { table-layout: fixed; }
.steps .c-outcome { width: 118px; } .steps .c-name { width: 25%; } .steps .c-time { width: 84px; }
.steps .name { font-weight: 600; } .steps .why { color: var(--ink); } .steps .note { margin-top: 2px; }
.steps .saved { color: var(--good); }
.steps tr:target, .steps tr:target > * { background: var(--data-tint); }
.bars .num { width: 76px; } .chart { width: 38%; vertical-align: top; } .chart .strip { display: block; margin-top: 6px; } .chart .strip[height="14"] { margin-top: 4px; } .chart .strip[height="16"] { margin-top: 3px; }
.models th small { display: block; } .models .chart { width: 46%; }
.slices .chart { width: 30%; } .slices .chart.narrow { width: 15%; }
.ends { display: flex; justify-content: space-between; font-size: 11px; gap: 8px; }
.lead { margin-bottom: 12px; } .lead b { font-weight: 650; } .lead small { display: block; }
.card h3 small { margin-left: 10px; }
.card h3 .state { margin-left: 10px; }
.tools { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 8px 24px; }
.tools li { display: grid; grid-template-columns: 16px 1fr; gap: 0 9px; align-content: start; } .tools li > :last-child { grid-column: 2; color: var(--quiet); font-size: 13px; }
.tool h4 { margin: 10px 0 2px; font-family: ui-monospace, Menlo, Consolas, monospace; }
.findings li { display: grid; grid-template-columns: 16px 78px 1fr; gap: 8px; padding: 3px 0; } .findings .line { color: var(--quiet); font-size: 13px; text-align: left; }
.findings li[hidden], [data-file][hidden], [data-tool][hidden], .filter[hidden] { display: none; } .findings small { display: block; }
.findings .source { display: block; color: var(--quiet); background: var(--paper); border-left: 2px solid var(--line); padding: 1px 8px; margin-top: 2px; white-space: pre-wrap; }
.filter { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin-top: 20px; font-size: 13px; }
.filter select, .filter input { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 4px 8px; } .filter input { min-width: 220px; }
.failures li + li { margin-top: 14px; } .failures p { display: flex; flex-wrap: wrap; gap: 4px 9px; align-items: baseline; }
pre { margin: 6px 0 0; padding: 10px 14px; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; max-height: 420px; overflow: auto; }
.checks li { display: grid; grid-template-columns: auto 1fr auto; gap: 2px 10px; padding: 6px 0; border-top: 1px solid var(--line); align-items: baseline; }
.checks li:first-child { border-top: 0; } .checks b { font-weight: 600; } .checks div span { display: block; color: var(--quiet); font-size: 13px; }
.checks + h3 { margin-top: 16px; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 8px 20px; margin-top: 8px; }
.pairs.stacked { display: block; } .pairs.stacked div { display: grid; grid-template-columns: 96px 1fr; gap: 10px; padding: 2px 0; align-items: baseline; }
.pairs .num { text-align: left; } .pairs dd b { font-weight: 650; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 26px 40px; } .pair > * { min-width: 0; }
.address { margin: 2px 0 6px; }
.states { margin-top: 8px; } .states li { display: grid; grid-template-columns: 122px 62px 62px 1fr; gap: 10px; padding: 2px 0; align-items: baseline; color: var(--ink); font-size: 13px; }
.states b { font-weight: 550; } .states .good b { color: var(--good); } .states .bad b { color: var(--bad); } .states .wait b { color: var(--wait); }
.states small:empty { display: none; }
.deployment .strip { margin-top: 12px; } .deployment h4 { margin-top: 16px; }
.checks .figures { max-width: 480px; margin-top: 6px; } .checks .pairs { font-size: 13px; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); } .checks .figures + .pairs { margin-top: 10px; } details { margin-top: 10px; } summary { cursor: pointer; color: var(--link); font-size: 13px; }
.plain li { padding: 4px 0; } .plain span { display: block; color: var(--quiet); font-size: 13px; }
.topics { display: flex; flex-wrap: wrap; gap: 6px 8px; } .topics li { background: var(--idle-tint); color: var(--idle); border-radius: 99px; padding: 2px 11px; font-size: 13px; }
@media (max-width: 620px) {
  .steps thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .steps, .steps tbody, .steps caption { display: block; }
  .steps tr { display: grid; grid-template-columns: 1fr auto auto; gap: 1px 12px; padding: 9px 0; border-top: 1px solid var(--line); }
  .steps tr > * { border: 0; padding: 0; } .steps .name { grid-column: 1 / -1; grid-row: 1; } .steps .why { grid-column: 1 / -1; grid-row: 3; color: var(--quiet); }
  .steps .outcome, .steps .num { grid-row: 2; }
  .steps .saved:not(:empty)::before { content: "saved "; }
  .bars:not(.funnel) .chart { width: 26%; } .slices .chart.narrow, .slices td:nth-child(5), .slices th:nth-child(5) { display: none; }
  .funnel .chart { display: none; }
  .states li { grid-template-columns: 1fr auto 56px; gap: 0 10px; padding: 3px 0; } .states small { grid-column: 1 / -1; }
  .bars .num { width: 46px; font-size: 13px; } .bars .chart + .num { width: 52px; } .bars th[scope="row"] { min-width: 92px; }
    th, td { padding-right: 8px; } caption small { display: block; margin-left: 0; }
}
`;
