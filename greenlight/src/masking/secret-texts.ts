/** Shorter ones are refused: `***` in place of every "test" would hide the log, and tell what the secret is. */
export const MINIMUM_SECRET_CHARACTERS = 8;
/**
 * Longer texts are looked for in parts of this length, so that how much of a stream is held back, and what one place
 * can cost, does not grow with the secret.
 */
const PART_CHARACTERS = 512;

/** The texts that must not be seen, without the white space around them. */
export interface SecretTexts {
  /** The value as a whole, in each way of meaning it; in parts if it is long. */
  readonly whole: readonly string[];
  /** Lines that give the secret away by themselves; in parts if they are long. */
  readonly lines: readonly string[];
}

/** Whether `value` has at least eight characters (code points; a line break is one), not counting white space around it. */
export function isMaskable(value: string): boolean {
  return charactersOf(value.trim()).length >= MINIMUM_SECRET_CHARACTERS;
}

/**
 * What to look for when `value` is secret: itself, itself without quotes around it, and the text that programs make
 * of `\n` written out, as keys in `.env` files have it. Of several lines also each one of at least eight
 * characters, but for the armour of PEM and rulers without a letter, which hide nothing and stand in many logs.
 */
export function secretTexts(value: string): SecretTexts {
  const trimmed = value.trim();
  const unquoted = /^(["'`])([\s\S]*)\1$/u.exec(trimmed)?.[2]?.trim() ?? trimmed;
  const unescaped = [trimmed, unquoted].map((text) => text.replaceAll(/(?:\\r)?\\n/gu, "\n").trim());
  const whole = new Set([trimmed, unquoted, ...unescaped].filter(isMaskable));
  const lines = [...whole]
    .flatMap((text) => text.split(/[\r\n]+/u))
    .map((line) => line.trim())
    .filter((line) => isMaskable(line) && !whole.has(line) && !isArmour(line));
  return { whole: [...whole].flatMap(partsOf), lines: [...new Set(lines)].flatMap(partsOf) };
}

/** Code points; a line break is one of them, however it is written. */
export function charactersOf(text: string): string[] {
  return text.match(/\r\n|[\s\S]/gu) ?? [];
}

function partsOf(text: string): string[] {
  const characters = charactersOf(text);
  const count = Math.ceil(characters.length / PART_CHARACTERS);
  const border = (index: number): number => Math.floor((index * characters.length) / count);
  return Array.from({ length: count }, (_none, index) => characters.slice(border(index), border(index + 1)).join(""));
}

function isArmour(line: string): boolean {
  return !/[\p{L}\p{N}]/u.test(line) || /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/u.test(line);
}
