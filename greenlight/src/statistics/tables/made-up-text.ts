import type { Random } from "../random.ts";

const ONSETS = [
  "b",
  "br",
  "c",
  "d",
  "dr",
  "f",
  "g",
  "gr",
  "h",
  "k",
  "l",
  "m",
  "n",
  "p",
  "pl",
  "r",
  "s",
  "st",
  "t",
  "tr",
  "v",
  "w",
  "z",
];
const VOWELS = ["a", "e", "i", "o", "u", "ea", "ia", "ou"];
const CODAS = ["", "", "", "l", "m", "n", "r", "s", "t", "nd", "rt", "x"];
const LONGEST_WORD = 9;

/** Words that nobody wrote, `length` characters in all. */
export function madeUpText(length: number, random: Random): string {
  const words: string[] = [];
  let left = length;
  while (left > 0) {
    // A last word of one letter, or a space at the end, is avoided by letting the word before it grow.
    const size = left <= LONGEST_WORD + 2 ? left : 3 + below(random, LONGEST_WORD - 2);
    words.push(madeUpWord(size, random));
    left -= size + 1;
  }
  return words.join(" ");
}

function madeUpWord(length: number, random: Random): string {
  let word = "";
  while (word.length < length) word += pick(ONSETS, random) + pick(VOWELS, random) + pick(CODAS, random);
  return word.charAt(0).toUpperCase() + word.slice(1, length);
}

function pick(from: readonly string[], random: Random): string {
  return from[below(random, from.length)] as string;
}

function below(random: Random, count: number): number {
  return Math.floor((random.next() / 2 ** 32) * count);
}
