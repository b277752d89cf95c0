import { gramAt, GramTable } from "./gram-table.ts";
import { digitsBefore, mayWrapSoon } from "./long-line.ts";
import { matchPattern, type Match, type Pattern } from "./pattern.ts";
import { firstGramsInLine, GRAM_BYTES, prefixGrams, STRIDE } from "./prefix-grams.ts";

export interface ScanOptions {
  /** No data will follow. */
  readonly isFinal: boolean;
  /** `digitsBefore` for the first byte of the data. */
  readonly carriedDigits: number;
}

/**
 * Finds patterns in bytes. Every match holds, wholly in its first eight bytes, one of the four-byte grams that are read
 * at each fifth byte; a table tells which grams can stand there, so that most of the data is only skipped through. This
 * is the filter of S. Wu and U. Manber, "A fast algorithm for multi-pattern searching" (1994), with a fixed step.
 */
export class SecretIndex {
  /** Gram → offsets (bit n: n bytes behind a start) at which some pattern has it. */
  readonly #offsets: GramTable;
  /** Gram → patterns that can start with it. */
  readonly #starts = new Map<number, Pattern[]>();
  /** The first one, two and three bytes of all patterns, and whether that takes a line to be wrapped among them. */
  readonly #stubs = new Map<number, boolean>();

  constructor(patterns: readonly Pattern[]) {
    const offsets = new Map<number, number>();
    for (const pattern of patterns) {
      for (const [offset, grams] of prefixGrams(pattern).entries()) {
        for (const gram of grams) offsets.set(gram, (offsets.get(gram) ?? 0) | (1 << offset));
        if (offset === 0) for (const gram of grams) this.#addStart(gram, pattern);
      }
      for (const gram of firstGramsInLine(pattern)) for (const stub of stubsOf(gram)) this.#stubs.set(stub, false);
    }
    this.#offsets = new GramTable(offsets);
  }

  /**
   * Reports the longest match at each place, in the order of their starts; they may overlap. Unless `isFinal`, stops
   * at the first place where more data could begin or lengthen a match, and returns it; else the data's length.
   */
  scan(data: Uint8Array, options: ScanOptions, report: (start: number, end: number) => void): number {
    let at = this.#offsets.find(data, STRIDE - 1);
    for (; at + GRAM_BYTES <= data.length; at = this.#offsets.find(data, at + STRIDE)) {
      const offsets = this.#offsets.valueOf(gramAt(data, at));
      if (offsets === 0) continue;
      for (let start = at - STRIDE + 1; start <= at; start += 1) {
        if ((offsets & (1 << (at - start))) === 0) continue;
        const { end, isOpen } = this.#matchAt(data, start, options);
        if (isOpen && !options.isFinal) return start;
        if (end >= 0) report(start, end);
      }
    }
    // What follows is shorter than any match, so only its being cut off matters.
    return options.isFinal ? data.length : this.#firstOpen(data, at - STRIDE + 1, options);
  }

  #matchAt(data: Uint8Array, start: number, { carriedDigits }: ScanOptions): Match {
    const patterns = this.#starts.get(gramAt(data, start));
    if (patterns === undefined) return { end: -1, isOpen: false };
    const mayWrap = mayWrapSoon(digitsBefore(data, start, carriedDigits));
    let end = -1;
    let isOpen = false;
    for (const pattern of patterns) {
      const match = matchPattern(pattern, data, start, mayWrap);
      end = Math.max(end, match.end);
      isOpen ||= match.isOpen;
    }
    return { end, isOpen };
  }

  #firstOpen(data: Uint8Array, from: number, options: ScanOptions): number {
    for (let start = from; start < data.length; start += 1) {
      const isWhole = start + GRAM_BYTES <= data.length;
      if (isWhole ? this.#matchAt(data, start, options).isOpen : this.#isStubAt(data, start, options)) return start;
    }
    return data.length;
  }

  #isStubAt(data: Uint8Array, start: number, { carriedDigits }: ScanOptions): boolean {
    const isWrapped = this.#stubs.get(stubAt(data, start, data.length - start));
    return isWrapped === false || (isWrapped === true && mayWrapSoon(digitsBefore(data, start, carriedDigits)));
  }

  #addStart(gram: number, pattern: Pattern): void {
    const starting = this.#starts.get(gram);
    if (starting === undefined) this.#starts.set(gram, [pattern]);
    else starting.push(pattern);
    for (const stub of stubsOf(gram)) if (!this.#stubs.has(stub)) this.#stubs.set(stub, true);
  }
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
