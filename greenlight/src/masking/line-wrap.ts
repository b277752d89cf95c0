/** How a secret is written decides how lines that tools wrap are told from others. */
export type Writing = "text" | "digits";

/** Bytes of a line that are looked at to tell what kind it is. */
export const LINE_SIGHT_BYTES = 40;
/** Words are hardly ever longer; base64 and hexadecimal digits are. */
const WRAPPED_DIGITS = 16;
/** The same of the only word in a line. */
const WRAPPED_LINE_DIGITS = 8;
const MAX_INDENTATION = 64;
export const NO_WRAP = -1;
/** The data ends within what may be a wrap. */
export const OPEN_WRAP = -2;

/** Where the next line begins behind a line break at `place`: behind `\n` or `\r\n`, raw or as JSON escapes it once or twice. */
export function skipBreak(data: Uint8Array, place: number): number {
  const length = breakLength(data, place);
  if (length <= 0) return length === 0 ? NO_WRAP : OPEN_WRAP;
  return place + length < data.length ? place + length : OPEN_WRAP;
}

/** Where the text of a line begins that begins at `place`: behind its indentation. */
export function skipIndentation(data: Uint8Array, place: number): number {
  let at = place;
  const limit = at + MAX_INDENTATION;
  while (at < limit && isBlank(data[at] as number)) at += 1;
  return at < data.length ? at : OPEN_WRAP;
}

/** Bytes of the line break at `place`; 0: there is none; -1: the data ends before that is known. */
function breakLength(data: Uint8Array, place: number): number {
  const first = data[place];
  if (first === LF) return 1;
  if (first === CR) return follows(data, place + 1, [LF]) && 2;
  if (first !== BACKSLASH) return 0;
  let at = place + 1;
  if (data[at] === BACKSLASH) at += 1;
  const isLf = follows(data, at, [LETTER_N]);
  if (isLf !== 0) return isLf < 0 ? -1 : at + 1 - place;
  return follows(data, at, [LETTER_R, BACKSLASH, LETTER_N]) && at + 3 - place;
}

/** 1: the bytes stand there; 0: others do; -1: the data ends first. */
function follows(data: Uint8Array, place: number, bytes: readonly number[]): number {
  for (const [index, byte] of bytes.entries()) {
    if (place + index >= data.length) return -1;
    if (data[place + index] !== byte) return 0;
  }
  return 1;
}

/** The line before `place`, its last forty bytes at most; `before` stands in front of the data. */
export function lineBefore(data: Uint8Array, place: number, before: Uint8Array): string {
  const own = data.subarray(Math.max(0, place - LINE_SIGHT_BYTES), place);
  const carried = before.subarray(Math.max(0, before.length - (LINE_SIGHT_BYTES - own.length)));
  const sight = Buffer.concat([carried, own]).toString("latin1");
  const escape = sight.lastIndexOf("\\n");
  return sight.slice(Math.max(sight.lastIndexOf("\n") + 1, escape < 0 ? 0 : escape + 2));
}

/**
 * Whether the line behind `line` may be wrapped within the first eight bytes of a secret. Were it so of every line, each one
 * that ends in the first letter of a secret would be held back until the next one comes. So a line of text has to be
 * long by then, or the secret its beginning; one of digits has to hold enough of them, or nothing else.
 */
export function mayWrapEarly(line: string, writing: Writing): boolean {
  if (/^[ \t]*$/u.test(line)) return true;
  return writing === "text" ? line.length >= LINE_SIGHT_BYTES : DIGITS.some((form) => form.test(line));
}

const DIGITS = [
  new RegExp(`[A-Za-z0-9+/_-]{${WRAPPED_DIGITS}}$`, "u"),
  new RegExp(`^[ \\t]*[A-Za-z0-9+/_-]{${WRAPPED_LINE_DIGITS},}$`, "u"),
  // Separated ones.
  /^[ \t]*(?:(?:0x)?[0-9A-Fa-f]{1,3}[ :,]+)+$/u,
  /(?:(?:0x)?[0-9A-Fa-f]{1,3}[ :,]{1,2}){6}$/u,
];

const LF = 0x0a;
const CR = 0x0d;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const LETTER_R = 0x72;

/** A space or a tabulator. */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}
