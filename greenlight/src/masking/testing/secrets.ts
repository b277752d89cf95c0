import * as fc from "fast-check";

import { isMaskable } from "../secret-texts.ts";

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"];
const NASTY = [..."\"'`\\/$%&+<>=!#?*(){}[]|;:,.~^@-_ \t\u0001\u001b\u007f\u0000éß한국키😀\u2028"];

/** Secrets of eight characters and more, without white space around them: tokens, passwords, other scripts, keys of several lines. */
export const secrets: fc.Arbitrary<string> = fc
  .oneof(
    characters(LETTERS, 8, 60),
    characters([...LETTERS, ...NASTY], 8, 40),
    characters(NASTY, 8, 24),
    fc.string({ unit: "binary", minLength: 8, maxLength: 30 }),
    fc.string({ unit: "grapheme", minLength: 8, maxLength: 20 }),
    fc
      .tuple(fc.array(characters([...LETTERS, ...NASTY], 0, 30), { minLength: 2, maxLength: 5 }), lineBreaks())
      .map(([lines, lineBreak]) => lines.join(lineBreak)),
  )
  .map((secret) => secret.trim())
  // `*` in secrets makes "the mask holds the secret" possible, which is no leak.
  .filter((secret) => isMaskable(secret) && !secret.includes("***"));

/** `data` in pieces: one byte each, or cut at the given places. */
export const cuts: fc.Arbitrary<(data: Buffer) => Buffer[]> = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map((size) => (data: Buffer) => piecesOf(data, size)),
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }).map((places) => (data: Buffer) => {
    const borders = [0, ...places.map((place) => Math.floor(place * data.length)), data.length];
    borders.sort((left, right) => left - right);
    return borders.slice(1).map((end, index) => data.subarray(borders[index], end));
  }),
);

function piecesOf(data: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(data.length / size) }, (_none, index) =>
    data.subarray(index * size, (index + 1) * size),
  );
}

function characters(from: readonly string[], minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...from), { minLength, maxLength }).map((each) => each.join(""));
}

function lineBreaks(): fc.Arbitrary<string> {
  return fc.constantFrom("\n", "\r\n", "\\n");
}
