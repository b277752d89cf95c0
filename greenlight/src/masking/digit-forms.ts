import type { Forms } from "./character-forms.ts";

interface DigitStyle {
  readonly first: (byte: number) => Forms;
  readonly following: (byte: number) => Forms;
  /** Stands before each following one, and before a line break. */
  readonly separator?: Forms;
}

type Write = (byte: number) => string;

const LOWER: Write = (byte) => byte.toString(16).padStart(2, "0");
const UPPER: Write = (byte) => LOWER(byte).toUpperCase();
const STYLES: readonly DigitStyle[] = [
  ...[LOWER, UPPER].flatMap((write) => [
    // `xxd -p`, Node's `<Buffer …>`; where a line is wrapped, the break stands for the space.
    ...["", " "].map((separator) => separated(write, separator)),
    // Fingerprints and, in lines, the keys that OpenSSL shows; `xxd -i`.
    listed(write, ":", [""]),
    listed((byte) => `0x${write(byte)}`, ",", ["", " "]),
    // URLs; C and Python, plain and in JSON.
    ...["%", "\\x", "\\\\x"].map((prefix) => prefixed(write, prefix)),
  ]),
  // A `Buffer` in JSON, and bytes as Python lists them.
  listed(String, ",", ["", " "]),
];
const PLAIN_STYLES: readonly DigitStyle[] = [LOWER, UPPER].map((write) => joined(write, ""));
const INSPECTED_STYLE = joined(LOWER, " ");
/** Node's `buffer.INSPECT_MAX_BYTES`. */
const INSPECTED_BYTES = 50;

/** Hexadecimal digits, all of them in lower or all in upper case; and, unless `isPlain`, spaced, and as lists of decimal numbers. */
export function digitForms(bytes: Uint8Array, options: { readonly isPlain: boolean }): Forms[][] {
  return (options.isPlain ? PLAIN_STYLES : STYLES).map((style) => sequenceOf(bytes, style));
}

/** The start of a longer secret, as Node shows a buffer: `<Buffer 61 62 … 12 more bytes>`. */
export function inspectedForms(bytes: Uint8Array): Forms[][] {
  return bytes.length > INSPECTED_BYTES ? [sequenceOf(bytes.subarray(0, INSPECTED_BYTES), INSPECTED_STYLE)] : [];
}

function sequenceOf(bytes: Uint8Array, { first, following, separator }: DigitStyle): Forms[] {
  return [...bytes].flatMap((byte, index) => {
    if (index === 0) return [first(byte)];
    return separator === undefined ? [following(byte)] : [separator, following(byte)];
  });
}

function joined(digits: Write, separator: string): DigitStyle {
  return {
    first: remembered((byte) => ({ inLine: [digits(byte)], wrapped: [] })),
    following: remembered((byte) => ({ inLine: [`${separator}${digits(byte)}`], wrapped: [] })),
  };
}

function separated(digits: Write, separator: string): DigitStyle {
  const { first, following } = joined(digits, separator);
  return { first, following: remembered((byte) => ({ ...following(byte), wrapped: [digits(byte)] })) };
}

/** Lines break behind the separator. */
function listed(digits: Write, separator: string, spaces: readonly string[]): DigitStyle {
  const { first } = joined(digits, separator);
  const inLine = (byte: number): string[] => spaces.map((space) => `${space}${digits(byte)}`);
  const following = remembered((byte) => ({ inLine: inLine(byte), wrapped: [digits(byte)] }));
  return { first, following, separator: { inLine: [separator], wrapped: [] } };
}

function prefixed(digits: Write, prefix: string): DigitStyle {
  const { first, following } = joined(digits, prefix);
  const inLine = (byte: number): string[] => [...first(byte).inLine, ...following(byte).inLine];
  return { first: remembered((byte) => ({ inLine: inLine(byte), wrapped: [] })), following };
}

/** Equal bytes share their forms, so that a long secret costs one reference a byte. */
function remembered(make: (byte: number) => Forms): (byte: number) => Forms {
  const known: Forms[] = [];
  return (byte) => (known[byte] ??= make(byte));
}
