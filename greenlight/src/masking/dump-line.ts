import { isBlank } from "./line-wrap.ts";

/** One line of a dump, as `xxd`, `hexdump`, `od -t x1z` and many viewers write it: offset, bytes in hexadecimal, text. */
export interface DumpLine {
  /** Where the two digits of each byte stand in the data. */
  readonly digitPlaces: readonly number[];
  /** The same in the order of memory, if the digits of each group are those of a little-endian number. */
  readonly swappedPlaces: readonly number[];
  /** Where the text column begins and ends; the same place: there is none. */
  readonly textStart: number;
  readonly textEnd: number;
  /** Each byte has one place in the text column. */
  readonly isTextExact: boolean;
}

/** Longer lines are no dump. */
const MAX_DUMP_LINE_BYTES = 1024;
const MAX_INDENTATION = 16;
const MIN_OFFSET_DIGITS = 4;
const MAX_OFFSET_DIGITS = 16;

/** Whether `data` from `start` until `end` looks, as far as it goes, like the beginning of a dump's line. */
export function beginsLikeDump(data: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && isBlank(data[at] as number)) at += 1;
  if (at - start > MAX_INDENTATION) return false;
  const offset = at;
  while (at < end && isHexDigit(data[at] as number)) at += 1;
  if (at === end) return at - offset <= MAX_OFFSET_DIGITS;
  if (at - offset < MIN_OFFSET_DIGITS || at - offset > MAX_OFFSET_DIGITS) return false;
  if (data[at] === COLON) at += 1;
  const gap = at;
  while (at < end && isBlank(data[at] as number)) at += 1;
  if (at === end) return true;
  if (at === gap || !isHexDigit(data[at] as number)) return false;
  return at + 1 === end || isHexDigit(data[at + 1] as number);
}

/** Null: it is no line of a dump. `end` is before the line break. */
export function readDumpLine(data: Uint8Array, start: number, end: number): DumpLine | null {
  if (end - start > MAX_DUMP_LINE_BYTES || !beginsLikeDump(data, start, end)) return null;
  const lineEnd = data[end - 1] === CR ? end - 1 : end;
  let at = skip(data, skip(data, start, lineEnd, isBlank), lineEnd, isHexDigit);
  if (data[at] === COLON) at += 1;
  const places: number[] = [];
  for (;;) {
    const group = skip(data, at, lineEnd, isBlank);
    const groupEnd = skip(data, group, lineEnd, isHexDigit);
    const isGroup = group > at && groupEnd > group && (groupEnd - group) % 2 === 0;
    if (!isGroup || !(groupEnd === lineEnd || isBlank(data[groupEnd] as number))) break;
    for (let place = group; place < groupEnd; place += 2) places.push(place);
    at = groupEnd;
  }
  return places.length === 0 ? null : withText(data, places, lineEnd);
}

/**
 * Text that looks like digits was read as bytes, so the bytes count up to where the rest of the line shows just them. Where
 * it shows them nowhere, in another character set for instance, all that was read counts.
 */
function withText(data: Uint8Array, places: readonly number[], lineEnd: number): DumpLine {
  const isFramed = FRAMES.has(data[lineEnd - 1] as number);
  for (let count = places.length; count > 0; count -= 1) {
    const digitPlaces = places.slice(0, count);
    const after = (digitPlaces[count - 1] as number) + 2;
    for (const textEnd of isFramed ? [lineEnd - 1, lineEnd] : [lineEnd]) {
      const textStart = textEnd - count;
      if (textStart <= after || !isGap(data, after, textStart)) continue;
      const swappedPlaces = swapped(digitPlaces);
      const isShown = [digitPlaces, swappedPlaces].some((order) => showsBytes(data, textStart, order));
      if (isShown) return { digitPlaces, swappedPlaces, textStart, textEnd, isTextExact: true };
    }
  }
  const textStart = (places.at(-1) as number) + 2;
  return { digitPlaces: places, swappedPlaces: swapped(places), textStart, textEnd: lineEnd, isTextExact: false };
}

/** Whether nothing but blanks, and at last a frame, stands between digits and text. */
function isGap(data: Uint8Array, start: number, end: number): boolean {
  const blankEnd = isBlank(data[end - 1] as number) ? end : end - 1;
  if (blankEnd < end && !FRAMES.has(data[blankEnd] as number)) return false;
  for (let at = start; at < blankEnd; at += 1) if (!isBlank(data[at] as number)) return false;
  return blankEnd > start;
}

/** Whether the text at `start` is that of the bytes, as far as they are printable. */
function showsBytes(data: Uint8Array, start: number, places: readonly number[]): boolean {
  return places.every((place, index) => {
    const byte = byteAt(data, place);
    return data[start + index] === (byte >= 0x20 && byte < 0x7f ? byte : DOT);
  });
}

/** The places in the order of memory, if the digits of each group are those of a little-endian number. */
function swapped(places: readonly number[]): number[] {
  const groups: number[][] = [];
  for (const [index, place] of places.entries()) {
    const last = groups.at(-1);
    if (last === undefined || place !== (places[index - 1] as number) + 2) groups.push([place]);
    else last.unshift(place);
  }
  return groups.flat();
}

/** The byte that two digits mean. */
export function byteAt(data: Uint8Array, place: number): number {
  return (digitValue(data[place] as number) << 4) | digitValue(data[place + 1] as number);
}

const CR = 0x0d;
const COLON = 0x3a;
const DOT = 0x2e;
/** `hexdump -C` and `od` frame the text. */
const FRAMES: ReadonlySet<number> = new Set([0x7c, 0x3c, 0x3e]);

function skip(data: Uint8Array, from: number, end: number, isMeant: (byte: number) => boolean): number {
  let at = from;
  while (at < end && isMeant(data[at] as number)) at += 1;
  return at;
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

function digitValue(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
}
