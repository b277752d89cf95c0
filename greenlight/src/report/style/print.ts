/** Paper: no frames, no folds, nothing cut in two that can be kept whole. */
export const PRINT = `
@media print {
  @page { margin: 14mm; }
  body { background: none; font-size: 11px; } .page { max-width: none; padding: 0; }
  nav, .skip { display: none; }
  .verdict, .problem, .tag, .topics li { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { display: block; } main > * + * { margin-top: 14px; }
  .card, .head { border-radius: 6px; } .scroll { overflow: visible; } pre { max-height: none; overflow: visible; }
  .glance { grid-template-columns: repeat(5, 1fr); gap: 8px; } .glance .card { padding: 8px 10px; }
  tr, li, article, figure, .stage, .problem { break-inside: avoid; } h2, h3, h4, caption, thead { break-after: avoid; }
  main a[href^="http"]::after { content: ""; }
}
`;
