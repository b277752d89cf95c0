import { beginsLikeDump, byteAt, readDumpLine, type DumpLine } from "./dump-line.ts";
import type { Found, Range } from "./find-secrets.ts";
import type { Report } from "./secret-index.ts";

interface DumpOptions {
  readonly data: Buffer;
  readonly isFinal: boolean;
  /** Finds secrets in the bytes that a dump shows. */
  readonly find: (bytes: Buffer, isFinal: boolean) => Found;
}

/**
 * Finds secrets in dumps, whose lines tear them apart after sixteen bytes: puts together the bytes that lines one after the other
 * show, looks there, and reports the digits and the text of what was found, line by line.
 */
export class DumpScan {
  readonly #options: DumpOptions;
  readonly #lines: (DumpLine & { readonly start: number })[] = [];

  constructor(options: DumpOptions) {
    this.#options = options;
  }

  /** A whole line of the data, in order; `end` is that of its text. */
  add(start: number, end: number, report: Report): void {
    const line = readDumpLine(this.#options.data, start, end);
    if (line !== null) this.#lines.push({ ...line, start });
    else if (this.#lines.length > 0) this.#scan(true, report);
  }

  /**
   * `rest`: where the line begins that has no end yet; -1: the data holds no line's beginning. Answers from where on more
   * data could make a secret; the data's length: nowhere.
   */
  end(rest: number, report: Report): number {
    const { data, isFinal } = this.#options;
    const isRest = rest >= 0 && rest < data.length;
    if (isFinal) {
      if (isRest) this.add(rest, data.length, report);
      this.#scan(true, report);
      return data.length;
    }
    const mayGoOn = !isRest || (data.length - rest <= MAX_HELD_BYTES && beginsLikeDump(data, rest, data.length));
    const keptFrom = this.#scan(!mayGoOn, report);
    return isRest && mayGoOn ? Math.min(keptFrom, rest) : keptFrom;
  }

  #scan(isWhole: boolean, report: Report): number {
    const { data } = this.#options;
    const lines = this.#lines.splice(0);
    if (lines.length === 0) return data.length;
    const keptFrom = this.#scanOrder(lines, "digitPlaces", isWhole, report);
    const isGrouped = lines.some((line) => line.swappedPlaces[0] !== line.digitPlaces[0]);
    return isGrouped ? Math.min(keptFrom, this.#scanOrder(lines, "swappedPlaces", isWhole, report)) : keptFrom;
  }

  #scanOrder(
    lines: readonly (DumpLine & { readonly start: number })[],
    order: "digitPlaces" | "swappedPlaces",
    isWhole: boolean,
    report: Report,
  ): number {
    const { data, find } = this.#options;
    const found = find(Buffer.from(lines.flatMap((line) => line[order].map((place) => byteAt(data, place)))), isWhole);
    let keptFrom = data.length;
    let first = 0;
    for (const line of lines) {
      const end = first + line[order].length;
      for (const range of found.ranges)
        reportIn(line, line[order], { start: range.start - first, end: range.end - first }, report);
      if (found.keptFrom >= first && found.keptFrom < end) keptFrom = line.start;
      first = end;
    }
    return keptFrom;
  }
}

/** A line that is longer, and has no end yet, is no dump. */
const MAX_HELD_BYTES = 1024;

/** Reports the part of `range`, in bytes of this line, that the line shows. */
function reportIn(line: DumpLine, places: readonly number[], range: Range, report: Report): void {
  const start = Math.max(0, range.start);
  const end = Math.min(places.length, range.end);
  if (start >= end) return;
  const shown = places.slice(start, end);
  report(Math.min(...shown), Math.max(...shown) + 2);
  if (line.isTextExact) report(line.textStart + start, line.textStart + end);
  else if (line.textStart < line.textEnd) report(line.textStart, line.textEnd);
}
