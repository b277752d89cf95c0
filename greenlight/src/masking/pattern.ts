import type { Forms } from "./character-forms.ts";

/** No pattern is shorter, in bytes: a secret has eight characters and no encoding shortens it. */
export const MINIMUM_PATTERN_BYTES = 8;

/** A secret in one encoding: pieces one after the other, each in one of several forms. */
export type Pattern = readonly Piece[];

export interface Piece {
  readonly inLine: readonly Uint8Array[];
  /** Behind a line break. */
  readonly wrapped: readonly Uint8Array[];
}

export interface Match {
  /** Where the longest match ends; -1: there is none. */
  readonly end: number;
  /** The data ended before the pattern did, or before it could have gone on; more bytes may make a longer match. */
  readonly isOpen: boolean;
}

/**
 * Matches `pattern` at `start`. All ways are followed side by side, so that no input makes it take exponential time.
 * A line may break within the first bytes only if `mayWrapEarly`: else every line that ends in the first letter of
 * a secret's encoding would be held back.
 */
export function matchPattern(pattern: Pattern, data: Uint8Array, start: number, mayWrapEarly: boolean): Match {
  let places = [start];
  let next: number[] = [];
  let isOpen = false;
  for (const { inLine, wrapped } of pattern) {
    for (const place of places) {
      if (follow(inLine, data, place, next)) isOpen = true;
      if (wrapped.length === 0 || !(mayWrapEarly || place - start >= MINIMUM_PATTERN_BYTES)) continue;
      if (follow(wrapped, data, place, next)) isOpen = true;
    }
    if (next.length === 0) return { end: -1, isOpen };
    [places, next] = [next, places];
    next.length = 0;
  }
  return { end: Math.max(...places), isOpen };
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
export function patternMaker(): (sequence: readonly Forms[]) => Pattern {
  const known = new Map<Forms, Piece>();
  return (sequence) => {
    const pieces: Piece[] = [];
    let literal = "";
    const endLiteral = (): void => {
      if (literal !== "") pieces.push({ inLine: [Buffer.from(literal)], wrapped: [] });
      literal = "";
    };
    for (const forms of sequence) {
      const [first = "", second] = forms.inLine;
      if (second === undefined && forms.wrapped.length === 0) {
        literal += first;
        continue;
      }
      endLiteral();
      const piece = known.get(forms) ?? { inLine: toBytes(forms.inLine), wrapped: toBytes(forms.wrapped) };
      known.set(forms, piece);
      pieces.push(piece);
    }
    endLiteral();
    return pieces;
  };
}

function toBytes(forms: readonly string[]): Uint8Array[] {
  return [...new Set(forms)].map((form) => Buffer.from(form));
}
