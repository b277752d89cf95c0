import type { Forms } from "./character-forms.ts";

/** In place of what separates bytes, where lines are wrapped. */
const LINE_BREAKS = ["\n", "\r\n", "\\n"];
const LOWER = styleOf((byte) => byte.toString(16).padStart(2, "0"));
const UPPER = styleOf((byte) => byte.toString(16).padStart(2, "0").toUpperCase());
const DECIMAL = styleOf(String);

/**
 * `xxd -p`; Node's `<Buffer …>`; fingerprints; URLs; C and Python, plain and in JSON; then lists of numbers: a `Buffer`
 * in JSON, and bytes as Python prints them.
 */
const STYLES: readonly DigitStyle[] = [
  ...[LOWER, UPPER].flatMap((style) => ["", " ", ":", "%", "\\x", "\\\\x"].map((separator) => style(separator, true))),
  ...[",", ", "].map((separator) => DECIMAL(separator, true)),
];
const PLAIN_STYLES: readonly DigitStyle[] = [LOWER("", false), UPPER("", false)];

/** Hexadecimal digits, all of them in lower or all in upper case; and, unless `isPlain`, spaced, and as lists of decimal numbers. */
export function digitForms(bytes: Uint8Array, options: { readonly isPlain: boolean }): Forms[][] {
  return (options.isPlain ? PLAIN_STYLES : STYLES).map((style) =>
    Array.from(bytes, (byte, index) => (index === 0 ? style.first(byte) : style.following(byte))),
  );
}

interface DigitStyle {
  readonly first: (byte: number) => Forms;
  readonly following: (byte: number) => Forms;
}

function styleOf(write: (byte: number) => string): (separator: string, mayWrap: boolean) => DigitStyle {
  const first = remembered((byte) => ({ inLine: [write(byte)], wrapped: [] }));
  return (separator, mayWrap) => ({
    first,
    following: remembered((byte) => ({
      inLine: [`${separator}${write(byte)}`],
      wrapped: mayWrap ? LINE_BREAKS.map((lineBreak) => `${lineBreak}${write(byte)}`) : [],
    })),
  });
}

/** Equal bytes share their forms, so that a long secret costs one reference a byte. */
function remembered(make: (byte: number) => Forms): (byte: number) => Forms {
  const known: Forms[] = [];
  return (byte) => (known[byte] ??= make(byte));
}
