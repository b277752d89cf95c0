import type { Forms } from "./character-forms.ts";
import { NO_WRAP, OPEN_WRAP, skipBreak, skipIndentation, type Writing } from "./line-wrap.ts";

/** No pattern is shorter, in bytes: a secret has eight characters and no encoding shortens it. */
export const MINIMUM_PATTERN_BYTES = 8;

/** A secret in one encoding: pieces one after the other, each in one of several forms. */
export interface Pattern {
  readonly pieces: readonly Piece[];
  readonly writing: Writing;
}

export interface Piece {
  readonly inLine: readonly Uint8Array[];
  /** Behind a line break and indentation. None: no line breaks before it. */
  readonly wrapped: readonly Uint8Array[];
  /** Letters and digits of a text (a single form), between any of which a line may break. */
  readonly isRun: boolean;
}

export interface Match {
  /** Where the longest match ends; -1: there is none. */
  readonly end: number;
  /** The data ended before the pattern did, or before it could have gone on; more bytes may make a longer match. */
  readonly isOpen: boolean;
}

/**
 * Matches `pattern` at `start`. All ways are followed side by side, so that no input makes it take exponential time.
 * A line may break within the first eight bytes only if `mayWrapEarly`; see there.
 */
export function matchPattern({ pieces }: Pattern, data: Uint8Array, start: number, mayWrapEarly: boolean): Match {
  let places = [start];
  let next: number[] = [];
  let isOpen = false;
  const wrapsFrom = start + (mayWrapEarly ? 1 : MINIMUM_PATTERN_BYTES);
  for (const { inLine, wrapped, isRun } of pieces) {
    for (const place of places) {
      if (isRun) {
        const end = followRun(inLine[0] as Uint8Array, data, place, wrapsFrom);
        if (end === OPEN) isOpen = true;
        else if (end >= 0 && !next.includes(end)) next.push(end);
        continue;
      }
      if (follow(inLine, data, place, next)) isOpen = true;
      if (wrapped.length === 0 || place < wrapsFrom) continue;
      if (followWrapped(wrapped, data, place, next)) isOpen = true;
    }
    if (next.length === 0) return { end: -1, isOpen };
    [places, next] = [next, places];
    next.length = 0;
  }
  return { end: Math.max(...places), isOpen };
}

/** Where a run ends that begins at `place`; there is one way only, since no line break is a letter. */
function followRun(run: Uint8Array, data: Uint8Array, place: number, wrapsFrom: number): number {
  let at = place;
  for (let index = 0; index < run.length; index += 1, at += 1) {
    if (data[at] === run[index]) continue;
    if (at >= data.length) return OPEN;
    const line = at < wrapsFrom ? NO_WRAP : skipBreak(data, at);
    if (line === NO_WRAP) return -1;
    at = line < 0 ? line : skipIndentation(data, line);
    if (at < 0) return OPEN;
    if (data[at] !== run[index]) return -1;
  }
  return at;
}

/** The same behind a line break and the next line's indentation. */
function followWrapped(forms: readonly Uint8Array[], data: Uint8Array, place: number, ends: number[]): boolean {
  const line = skipBreak(data, place);
  if (line < 0) return line === OPEN_WRAP;
  const text = skipIndentation(data, line);
  let isOpen = text === OPEN_WRAP;
  // The end of what looks like an indentation may be part of the secret.
  for (let at = line; at <= (isOpen ? data.length - 1 : text); at += 1)
    if (follow(forms, data, at, ends)) isOpen = true;
  return isOpen;
}

/** Adds to `ends` where each of the forms ends that stands at `place`; true when the data ends within one. */
function follow(forms: readonly Uint8Array[], data: Uint8Array, place: number, ends: number[]): boolean {
  const first = data[place];
  let isOpen = false;
  for (const form of forms) {
    // Most forms differ in their first byte.
    if (first !== undefined && form[0] !== first && form.length > 0) continue;
    const end = compare(form, data, place);
    if (end === OPEN) isOpen = true;
    else if (end >= 0 && !ends.includes(end)) ends.push(end);
  }
  return isOpen;
}

const OPEN = -2;

/** Where `form` ends when it stands at `place`; OPEN when the data ends first; -1 when it does not stand there. */
function compare(form: Uint8Array, data: Uint8Array, place: number): number {
  const length = Math.min(form.length, data.length - place);
  for (let index = 0; index < length; index += 1) if (form[index] !== data[place + index]) return -1;
  return length === form.length ? place + length : OPEN;
}

/** Turns forms into bytes. Forms that are one and the same object give one piece; those with a single form grow together. */
export function patternMaker(): (sequence: readonly Forms[], writing: Writing) => Pattern {
  const known = new Map<Forms, Piece>();
  return (sequence, writing) => {
    const pieces: Piece[] = [];
    let literal = "";
    let isRun = false;
    const endLiteral = (): void => {
      if (literal !== "") pieces.push({ inLine: [Buffer.from(literal)], wrapped: [], isRun });
      literal = "";
    };
    for (const forms of sequence) {
      const [first = "", second] = forms.inLine;
      const isLetter = second === undefined && forms.wrapped.length === 1 && /^[A-Za-z0-9]$/u.test(first);
      if (isLetter || (second === undefined && forms.wrapped.length === 0)) {
        if (isLetter !== isRun) endLiteral();
        isRun = isLetter;
        literal += first;
        continue;
      }
      endLiteral();
      const piece = known.get(forms) ?? {
        inLine: toBytes(forms.inLine),
        wrapped: toBytes(forms.wrapped),
        isRun: false,
      };
      known.set(forms, piece);
      pieces.push(piece);
    }
    endLiteral();
    return { pieces, writing };
  };
}

function toBytes(forms: readonly string[]): Uint8Array[] {
  return [...new Set(forms)].map((form) => Buffer.from(form));
}
