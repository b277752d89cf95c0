/** Type, space and the frame of the page. The type scale is 13, 15, 17, 20, 28, 44 pixels. */
export const PAGE = `
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 -apple-system, "Segoe UI", Roboto, Ubuntu, Cantarell, "Noto Sans", "Liberation Sans", system-ui, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
.page { max-width: 1160px; margin: 0 auto; padding: 28px 24px 40px; }
h1, h2, h3, h4, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 44px; line-height: 1.1; letter-spacing: -.02em; font-weight: 700; }
h2 { font-size: 20px; line-height: 1.3; letter-spacing: -.01em; font-weight: 650; }
h3 { font-size: 15px; line-height: 1.4; font-weight: 650; }
h4 { font-size: 13px; font-weight: 600; color: var(--quiet); }
small { font-size: 13px; font-weight: 400; color: var(--quiet); letter-spacing: 0; }
code, pre, .digest, .path { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .88em; }
a { color: var(--link); text-underline-offset: 2px; text-decoration-thickness: 1px; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.num { font-variant-numeric: tabular-nums; white-space: nowrap; }
.quiet { color: var(--quiet); }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.wait { color: var(--wait); } .idle { color: var(--idle); } .data { color: var(--data); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.symbols { position: absolute; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 12px; background: var(--card); padding: 8px 12px; z-index: 1; }
.shape { width: 16px; height: 16px; flex: none; vertical-align: -3px; }
.state { font-size: 13px; font-weight: 600; white-space: nowrap; } .state .shape { margin-right: 6px; }
.error { color: var(--bad); } .warning { color: var(--warn); } .note { color: var(--quiet); }
p.note, small.note { display: block; font-size: 13px; margin-top: 8px; }
.tag { font-size: 12px; line-height: 1.5; padding: 1px 7px; border-radius: 99px; background: var(--idle-tint); color: var(--idle); font-weight: 500; white-space: nowrap; }
.tag.warn { background: var(--warn-tint); color: var(--warn); } .tag.bad { background: var(--bad-tint); color: var(--bad); }
.tag.wait { background: var(--wait-tint); color: var(--wait); } .tag.data { background: var(--data-tint); color: var(--data); }

header.head { background: var(--card); color: var(--ink); border: 1px solid var(--line); border-radius: 16px; overflow: hidden; }
.verdict { display: flex; gap: 26px; align-items: center; padding: 26px 28px; }
.head.good .verdict { background: var(--good-tint); } .head.warn .verdict { background: var(--warn-tint); }
.head.bad .verdict { background: var(--bad-tint); } .head.wait .verdict { background: var(--wait-tint); }
.head.idle .verdict { background: var(--idle-tint); }
.head.good h1 { color: var(--good); } .head.warn h1 { color: var(--warn); } .head.bad h1 { color: var(--bad); }
.head.wait h1 { color: var(--wait); }
.signal { width: 44px; height: 116px; flex: none; }
.eyebrow { font-size: 15px; font-weight: 600; margin-bottom: 4px; }
.eyebrow span { color: var(--quiet); font-weight: 400; margin: 0 2px; }
.sentence { font-size: 17px; margin-top: 8px; max-width: 84ch; text-wrap: pretty; }
.meta { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 12px 32px; padding: 16px 28px 18px; }
dt { font-size: 13px; color: var(--quiet); }
.meta dd { font-weight: 550; }
nav { display: flex; flex-wrap: wrap; gap: 2px 18px; padding: 14px 4px 0; font-size: 13px; }
nav a { color: var(--quiet); text-decoration: none; padding: 3px 0; } nav a:hover { color: var(--ink); text-decoration: underline; }

main { display: flex; flex-wrap: wrap; gap: 18px; margin-top: 16px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 20px 24px 22px; min-width: 0; scroll-margin-top: 12px; }
main > .card.wide, .glance { flex: 1 1 100%; }
main > .card.half { flex: 1 1 440px; }
.card > h2 { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 12px; margin-bottom: 14px; }
.glance { display: grid; grid-template-columns: repeat(auto-fit, minmax(196px, 1fr)); gap: 18px; }
.glance .card { padding: 16px 18px 18px; font-size: 14px; }
.glance h2 { font-size: 13px; font-weight: 600; margin-bottom: 6px; letter-spacing: 0; }
.glance h2 a { color: var(--quiet); text-decoration: none; } .glance h2 a:hover { text-decoration: underline; }
.glance h2 { color: var(--quiet); }
.figure { line-height: 1.2; margin-bottom: 6px; color: var(--quiet); }
.figure b { font-size: 28px; font-weight: 650; letter-spacing: -.02em; color: var(--ink); margin-right: 2px; }
.glance li { margin-top: 3px; } .glance .state { white-space: normal; } .glance .strip { margin: 2px 0 4px; display: block; }
.lives li { display: grid; gap: 0; margin-top: 0; } .lives li + li { margin-top: 10px; } .lives p { display: flex; gap: 8px; align-items: baseline; }
.glance dl div + div { margin-top: 5px; } .glance dd { font-weight: 550; } .glance dd.quiet { font-weight: 400; }
.problems { display: grid; gap: 12px; }
.problem { border-left: 4px solid var(--bad-fill); background: var(--bad-tint); border-radius: 0 10px 10px 0; padding: 12px 16px 14px; color: var(--ink); }
.problem.warn { border-color: var(--warn-fill); background: var(--warn-tint); }
.problem.wait, .problem.idle, .problem.good { border-color: var(--idle-fill); background: var(--idle-tint); }
.origin { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; font-size: 13px; }
.place { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px; margin-top: 8px; color: var(--quiet); }
.message { font-size: 17px; font-weight: 550; white-space: pre-line; margin-top: 2px; }
.remedy { margin-top: 6px; } .remedy b { font-size: 13px; color: var(--quiet); font-weight: 600; margin-right: 6px; }
footer { margin-top: 26px; font-size: 13px; color: var(--quiet); display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 24px; }
@media (max-width: 620px) {
  .page { padding: 12px 12px 32px; }
  .verdict { padding: 20px 18px; gap: 18px; align-items: flex-start; } .signal { width: 34px; height: 90px; }
  h1 { font-size: 34px; } .sentence { font-size: 15px; }
  .meta { padding: 14px 18px; display: grid; grid-template-columns: 1fr 1fr; }
  .card { padding: 16px 16px 18px; } main { gap: 12px; margin-top: 12px; } .glance { gap: 12px; }
}
`;
