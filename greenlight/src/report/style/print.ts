/** Paper: no frames, no folds, nothing cut in two that can be kept whole. */
export const PRINT = `
@media print {
  @page { margin: 14mm; }
  body { background: none; } .page { max-width: none; padding: 0; zoom: .68; }
  nav, .skip { display: none; }
  .verdict, .problem, .tag, .topics li { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .glance { grid-template-columns: repeat(5, 1fr); gap: 10px; }
  main { display: block; } main > * + * { margin-top: 14px; }
  .card, .head { border-radius: 6px; } .scroll { overflow: visible; } pre { max-height: none; overflow: visible; }
  tr, li, article, figure, .stage, .problem { break-inside: avoid; } h2, h3, h4, caption, thead { break-after: avoid; }
}
`;
