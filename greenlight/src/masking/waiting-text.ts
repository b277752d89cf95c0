import type { Range } from "./find-secrets.ts";
import { MASK } from "./stream-masker.ts";

const MASK_BYTES = Buffer.from(MASK);
const NOTHING = Buffer.alloc(0);

/** Bytes of one of several streams, side by side in the stream and in the text that the streams make together. */
export interface Piece {
  readonly source: number;
  /** Where it begins in its stream. */
  readonly place: number;
  readonly bytes: Buffer;
  /** What of it is to be masked, by places in the bytes; in no order, and they may overlap. */
  readonly marks: Range[];
}

/** From where on something is held, by places in the streams, and in the text of all of them. */
export interface Holds {
  readonly inStream: readonly number[];
  readonly inText: number;
}

/** The end of a text that several streams make together: what is known to be secret in it is marked, until it may leave. */
export class WaitingText {
  #pieces: Piece[] = [];
  /** Where the first piece begins in the text. */
  #start = 0;
  #byteCount = 0;
  #endedInMask = false;

  /** Bytes that wait. */
  get byteCount(): number {
    return this.#byteCount;
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /** Where the text ends. */
  get end(): number {
    return this.#start + this.#byteCount;
  }

  add(piece: Piece): void {
    this.#pieces.push(piece);
    this.#byteCount += piece.bytes.length;
  }

  /** Marks what waits of a part of a stream. */
  markInStream(source: number, range: Range): void {
    for (let at = this.#pieces.length - 1; at >= 0; at -= 1) {
      const piece = this.#pieces[at] as Piece;
      if (piece.source !== source) continue;
      if (piece.place + piece.bytes.length <= range.start) return;
      mark(piece, range, piece.place);
    }
  }

  /** Marks what waits of a part of the text. */
  markInText(range: Range): void {
    let end = this.end;
    for (let at = this.#pieces.length - 1; at >= 0 && end > range.start; at -= 1) {
      const piece = this.#pieces[at] as Piece;
      end -= piece.bytes.length;
      mark(piece, range, end);
    }
  }

  /** Which stream's hold alone keeps back what another one wrote behind it; -1: none does. */
  blockedBy({ inStream, inText }: Holds): number {
    const first = this.#pieces[0];
    if (first === undefined || inText <= this.#start || first.place < (inStream[first.source] ?? 0)) return -1;
    return this.#pieces.some(({ source }) => source !== first.source) ? first.source : -1;
  }

  /** Takes the text out that nothing holds, or that is masked anyway: its bytes, with a mask for all that is marked side by side. */
  take({ inStream, inText }: Holds): Buffer {
    const out: Buffer[] = [];
    while (this.#pieces.length > 0) {
      const piece = this.#pieces[0] as Piece;
      const { length } = piece.bytes;
      const free = Math.min(inText - this.#start, (inStream[piece.source] ?? 0) - piece.place, length);
      const marks = inOrder(piece.marks);
      let taken = Math.max(0, free);
      for (const { start, end } of marks) if (start <= taken) taken = Math.max(taken, end);
      this.#write(piece.bytes, marks, taken, out);
      this.#start += taken;
      this.#byteCount -= taken;
      if (taken < length) {
        this.#pieces[0] = { ...after(piece, taken), marks: cutMarks(marks, taken, length) };
        break;
      }
      this.#pieces.shift();
    }
    return out.length === 1 ? (out[0] ?? NOTHING) : Buffer.concat(out);
  }

  /** Takes out what waits of a stream from a place on, as one piece that is out of the text from then on; null: nothing does. */
  takeSource(source: number, from: number): Piece | null {
    const moved: Piece[] = [];
    const kept: Piece[] = [];
    for (const piece of this.#pieces) {
      const border = piece.source === source ? Math.max(0, from - piece.place) : piece.bytes.length;
      if (border > 0) kept.push(cut(piece, 0, border));
      if (border < piece.bytes.length) moved.push(cut(piece, border, piece.bytes.length));
    }
    this.#pieces = kept;
    const [first, ...others] = moved;
    if (first === undefined) return null;
    const whole = joined(first, ...others);
    this.#byteCount -= whole.bytes.length;
    return whole;
  }

  #write(bytes: Buffer, marks: readonly Range[], end: number, out: Buffer[]): void {
    let at = 0;
    for (const range of marks) {
      const start = Math.min(range.start, end);
      if (start >= end) break;
      if (start > at) out.push(bytes.subarray(at, start));
      if (start > at || !this.#endedInMask) out.push(MASK_BYTES);
      this.#endedInMask = true;
      at = Math.min(range.end, end);
    }
    if (at >= end) return;
    out.push(bytes.subarray(at, end));
    this.#endedInMask = false;
  }
}

/** Pieces of one stream that follow one another in it, as one. */
export function joined(first: Piece, ...others: readonly Piece[]): Piece {
  const marks = [...first.marks];
  let { length } = first.bytes;
  for (const other of others) {
    for (const { start, end } of other.marks) marks.push({ start: start + length, end: end + length });
    length += other.bytes.length;
  }
  return { ...first, bytes: Buffer.concat([first.bytes, ...others.map(({ bytes }) => bytes)]), marks };
}

function mark(piece: Piece, range: Range, place: number): void {
  const start = Math.max(0, range.start - place);
  const end = Math.min(piece.bytes.length, range.end - place);
  if (start >= end) return;
  // What is held is looked at with each chunk.
  const last = piece.marks.at(-1);
  if (last === undefined || start < last.start || end > last.end) piece.marks.push({ start, end });
}

function cut(piece: Piece, start: number, end: number): Piece {
  if (start === 0 && end === piece.bytes.length) return piece;
  return {
    ...piece,
    place: piece.place + start,
    bytes: piece.bytes.subarray(start, end),
    marks: cutMarks(piece.marks, start, end),
  };
}

/** What is behind `start`, a copy, because a view would keep the whole chunk in memory. */
function after(piece: Piece, start: number): Piece {
  return { ...piece, place: piece.place + start, bytes: Buffer.from(piece.bytes.subarray(start)) };
}

function cutMarks(marks: readonly Range[], start: number, end: number): Range[] {
  return marks
    .map((range) => ({ start: Math.max(range.start, start) - start, end: Math.min(range.end, end) - start }))
    .filter((range) => range.start < range.end);
}

/** By their starts, those that overlap or touch as one. */
function inOrder(marks: readonly Range[]): Range[] {
  if (marks.length < 2) return [...marks];
  const ordered: Range[] = [];
  for (const range of marks.toSorted((left, right) => left.start - right.start)) {
    const last = ordered.at(-1);
    if (last === undefined || range.start > last.end) ordered.push(range);
    else ordered[ordered.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
  }
  return ordered;
}
