import { DumpScan } from "./dump-scan.ts";
import { NO_WRAP, skipBreak } from "./line-wrap.ts";
import type { BreakOptions, Report, ScanOptions, SecretIndex } from "./secret-index.ts";

export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Found {
  /** In no order; they may overlap. */
  readonly ranges: readonly Range[];
  /** More data could make a secret from here on; the data's length: it could not. */
  readonly keptFrom: number;
}

/** Where secrets stand in the data: in lines, across lines that were wrapped, and in dumps. */
export function findSecrets(index: SecretIndex, data: Buffer, { isFinal, before }: ScanOptions): Found {
  const ranges: Range[] = [];
  const report: Report = (start, end) => ranges.push({ start, end });
  const options = { isFinal, before, report };
  const dumps = new DumpScan({
    data,
    isFinal,
    find: (bytes, isWhole) => findInText(index, bytes, isWhole),
  });
  let keptFrom = index.scan(data, isFinal, report);
  let lineStart = before.length === 0 || before.at(-1) === LF ? 0 : -1;
  for (let lineEnd = data.indexOf(LF); lineEnd >= 0; lineEnd = data.indexOf(LF, lineEnd + 1)) {
    keptFrom = Math.min(keptFrom, scanBreakAt(index, data, lineEnd, options));
    if (lineStart >= 0) dumps.add(lineStart, lineEnd, report);
    lineStart = lineEnd + 1;
  }
  keptFrom = Math.min(keptFrom, dumps.end(lineStart, report), scanEscapedBreaks(index, data, options));
  return { ranges, keptFrom };
}

/** The same without dumps. */
function findInText(index: SecretIndex, data: Buffer, isFinal: boolean): Found {
  const ranges: Range[] = [];
  const report: Report = (start, end) => ranges.push({ start, end });
  const options = { isFinal, before: NOTHING, report };
  let keptFrom = Math.min(index.scan(data, isFinal, report), scanEscapedBreaks(index, data, options));
  for (let at = data.indexOf(LF); at >= 0; at = data.indexOf(LF, at + 1))
    keptFrom = Math.min(keptFrom, scanBreakAt(index, data, at, options));
  return { ranges, keptFrom };
}

function scanBreakAt(index: SecretIndex, data: Buffer, lineEnd: number, options: BreakOptions): number {
  return index.scanBreak(data, data[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd, options);
}

/** Line breaks as escapes, as JSON has them; and those of which the data ends in the middle. */
function scanEscapedBreaks(index: SecretIndex, data: Buffer, options: BreakOptions): number {
  let keptFrom = data.length;
  for (let at = data.indexOf(BACKSLASH); at >= 0; at = data.indexOf(BACKSLASH, at + 1)) {
    if (skipBreak(data, at) !== NO_WRAP) keptFrom = Math.min(keptFrom, index.scanBreak(data, at, options));
  }
  if (data.at(-1) === CR) keptFrom = Math.min(keptFrom, index.scanBreak(data, data.length - 1, options));
  return keptFrom;
}

const LF = 0x0a;
const CR = 0x0d;
const BACKSLASH = 0x5c;
const NOTHING = new Uint8Array();
