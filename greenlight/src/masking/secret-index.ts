import { gramAt, GramTable } from "./gram-table.ts";
import { isBlank, lineBefore, mayWrapEarly, skipBreak, skipIndentation, type Writing } from "./line-wrap.ts";
import { matchPattern, MINIMUM_PATTERN_BYTES, type Match, type Pattern } from "./pattern.ts";
import { GRAM_BYTES, prefixGrams, STRIDE } from "./prefix-grams.ts";

/** As many bytes before a break as a match may have that began before it and was not found by itself. */
const EARLY_BYTES = MINIMUM_PATTERN_BYTES - 1;

export interface ScanOptions {
  /** No data will follow. */
  readonly isFinal: boolean;
  /** What stood right before the data: forty bytes, or all there was. */
  readonly before: Uint8Array;
}

/** Told of each match; they may overlap. */
export type Report = (start: number, end: number) => void;

export interface BreakOptions extends ScanOptions {
  readonly report: Report;
}

/**
 * Finds patterns in bytes. Every match holds, wholly in its first eight bytes, one of the four-byte grams that are read
 * at each fifth byte; a table tells which grams can stand there, so that most of the data is only skipped through. This
 * is the filter of S. Wu and U. Manber, "A fast algorithm for multi-pattern searching" (1994), with a fixed step. A match in
 * whose first eight bytes a line is wrapped is looked for at the line's end (`scanBreak`).
 */
export class SecretIndex {
  /** Gram → offsets (bit n: n bytes behind a start) at which some pattern has it. */
  readonly #offsets: GramTable;
  /** Gram → patterns that can start with it. */
  readonly #starts = new Map<number, Pattern[]>();
  /** The first one, two and three bytes of all patterns → how those are written. */
  readonly #stubs = new Map<number, Set<Writing>>();
  readonly #startFilter: GramTable;
  /** Some pattern has a blank in its first four bytes. */
  readonly #mayHoldBlanks: boolean;
  readonly #joined = new Uint8Array(EARLY_BYTES + GRAM_BYTES - 1);

  constructor(patterns: readonly Pattern[]) {
    const offsets = new Map<number, number>();
    for (const pattern of patterns) {
      for (const [offset, grams] of prefixGrams(pattern).entries()) {
        for (const gram of grams) offsets.set(gram, (offsets.get(gram) ?? 0) | (1 << offset));
        if (offset === 0) for (const gram of grams) this.#addStart(gram, pattern);
      }
    }
    this.#offsets = new GramTable(offsets);
    this.#startFilter = new GramTable(new Map([...this.#starts.keys()].map((gram) => [gram, 1])));
    this.#mayHoldBlanks = [...this.#starts.keys()].some(hasBlank);
  }

  /**
   * Reports the longest match at each place where no line is wrapped early, in the order of their starts. Unless `isFinal`,
   * stops at the first place where more data could begin or lengthen a match, and returns it; else the data's length.
   */
  scan(data: Uint8Array, isFinal: boolean, report: Report): number {
    let at = this.#offsets.find(data, STRIDE - 1);
    for (; at + GRAM_BYTES <= data.length; at = this.#offsets.find(data, at + STRIDE)) {
      const offsets = this.#offsets.valueOf(gramAt(data, at));
      if (offsets === 0) continue;
      for (let start = at - STRIDE + 1; start <= at; start += 1) {
        if ((offsets & (1 << (at - start))) === 0) continue;
        const { end, isOpen } = this.#matchAt(data, start);
        if (isOpen && !isFinal) return start;
        if (end >= 0) report(start, end);
      }
    }
    // What follows is shorter than any match, so only its being cut off matters.
    return isFinal ? data.length : this.#firstOpen(data, at - STRIDE + 1);
  }

  /**
   * Reports the matches that begin up to seven bytes before the line break at `place`. Returns the first place where more
   * data could make one; the data's length if there is none.
   */
  scanBreak(data: Uint8Array, place: number, options: BreakOptions): number {
    const line = skipBreak(data, place);
    if (line < 0) return this.#scanJoined(data, place, data.length, options);
    const text = skipIndentation(data, line);
    let keptFrom = this.#scanJoined(data, place, text < 0 ? data.length : text, options);
    if (text === line || !this.#mayHoldBlanks) return keptFrom;
    // The end of what looks like an indentation, or all of it, may be part of the secret.
    const textStart = text < 0 ? data.length : text;
    for (let from = Math.max(line, textStart - GRAM_BYTES + 1); from < textStart; from += 1)
      keptFrom = Math.min(keptFrom, this.#scanJoined(data, place, from, options));
    return Math.min(keptFrom, this.#scanJoined(data, place, line, options));
  }

  /** As `scanBreak`, with the text that goes on at `from`. Called for each line, so it makes no objects. */
  #scanJoined(data: Uint8Array, place: number, from: number, options: BreakOptions): number {
    const first = Math.max(0, place - EARLY_BYTES);
    const joined = this.#joined;
    let length = 0;
    for (let at = first; at < place; at += 1, length += 1) joined[length] = data[at] as number;
    const end = Math.min(data.length, from + GRAM_BYTES - 1);
    for (let at = from; at < end; at += 1, length += 1) joined[length] = data[at] as number;
    for (let at = 0; at < place - first; at += 1) {
      if (at + GRAM_BYTES <= length) {
        const gram = gramAt(joined, at);
        if (this.#startFilter.mayHold(gram) && this.#matchWrapped(data, first + at, gram, options)) return first + at;
      } else if (!options.isFinal) {
        const writings = this.#stubs.get(stubAt(joined, at, length - at));
        if (writings !== undefined && this.#mayWrap(data, first + at, writings, options)) return first + at;
      }
    }
    return data.length;
  }

  /** Reports the longest match at `start` that is wrapped early; true when more data could make one. */
  #matchWrapped(data: Uint8Array, start: number, gram: number, { isFinal, before, report }: BreakOptions): boolean {
    const patterns = this.#starts.get(gram);
    if (patterns === undefined) return false;
    const line = lineBefore(data, start, before);
    let end = -1;
    for (const pattern of patterns) {
      if (!mayWrapEarly(line, pattern.writing)) continue;
      const match = matchPattern(pattern, data, start, true);
      if (match.isOpen && !isFinal) return true;
      end = Math.max(end, match.end);
    }
    if (end >= 0) report(start, end);
    return false;
  }

  #mayWrap(data: Uint8Array, start: number, writings: ReadonlySet<Writing>, { before }: BreakOptions): boolean {
    const line = lineBefore(data, start, before);
    for (const writing of writings) if (mayWrapEarly(line, writing)) return true;
    return false;
  }

  #matchAt(data: Uint8Array, start: number): Match {
    let end = -1;
    let isOpen = false;
    for (const pattern of this.#starts.get(gramAt(data, start)) ?? []) {
      const match = matchPattern(pattern, data, start, false);
      end = Math.max(end, match.end);
      isOpen ||= match.isOpen;
    }
    return { end, isOpen };
  }

  #firstOpen(data: Uint8Array, from: number): number {
    for (let start = from; start < data.length; start += 1) {
      const isWhole = start + GRAM_BYTES <= data.length;
      if (isWhole ? this.#matchAt(data, start).isOpen : this.#stubs.has(stubAt(data, start, data.length - start)))
        return start;
    }
    return data.length;
  }

  #addStart(gram: number, pattern: Pattern): void {
    const starting = this.#starts.get(gram);
    if (starting === undefined) this.#starts.set(gram, [pattern]);
    else starting.push(pattern);
    for (const stub of stubsOf(gram)) {
      const writings = this.#stubs.get(stub);
      if (writings === undefined) this.#stubs.set(stub, new Set([pattern.writing]));
      else writings.add(pattern.writing);
    }
  }
}

function hasBlank(gram: number): boolean {
  return isBlank(gram & 255) || isBlank((gram >> 8) & 255) || isBlank((gram >> 16) & 255) || isBlank(gram >>> 24);
}

function stubsOf(gram: number): number[] {
  const bytes = Uint8Array.of(gram, gram >> 8, gram >> 16);
  return [1, 2, 3].map((length) => stubAt(bytes, 0, length));
}

/** The bytes as one number, with their count above them. */
function stubAt(data: Uint8Array, at: number, length: number): number {
  let stub = length;
  for (let index = 0; index < length; index += 1) stub = stub * 256 + (data[at + index] as number);
  return stub;
}
