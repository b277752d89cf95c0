/** Every way of writing one piece of a secret. */
export interface Forms {
  /** An empty string among them makes the piece optional. */
  readonly inLine: readonly string[];
  /** What stands behind a line break with which a tool wraps long lines; none: it does not break them here. */
  readonly wrapped: readonly string[];
}

/** How a line break inside a secret may be written raw; each is then escaped like any other text. */
const LINE_BREAKS = ["\n", "\r\n", "\r"];
/** The short escapes of JSON (RFC 8259 §7) and those that C, bash (`$'…'`) and Python add. */
const SHORT_ESCAPES: Readonly<Record<string, readonly string[]>> = {
  "\b": ["\\b"],
  "\t": ["\\t"],
  "\n": ["\\n"],
  "\v": ["\\v"],
  "\f": ["\\f"],
  "\r": ["\\r"],
  "\0": ["\\0"],
  "\x07": ["\\a"],
  "\x1b": ["\\e", "\\E"],
};
const ENTITIES: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };
/** Quotes inside quotes: POSIX shells; SQL, YAML, CSV and PowerShell double them. The rest doubles in printf, make and compose. */
const QUOTED: Readonly<Record<string, readonly string[]>> = {
  "'": ["'\\''", `'"'"'`, "''"],
  '"': ['""'],
  "%": ["%%"],
  $: ["$$"],
};

/**
 * The forms in which tools print `character` (one code point; `\n` stands for any line break): raw, percent-encoded
 * once and twice, JSON (usual, ASCII only, HTML-safe), JSON in JSON, in JSON once more, JSON percent-encoded, XML entities,
 * shells' and languages' escapes, caret notation. Letters and digits have one form only: those that encode everything are hex.
 */
export function formsOf(character: string): Forms {
  if (/^[A-Za-z0-9]$/u.test(character)) return { inLine: [character], wrapped: [character] };
  const raw = character === "\n" ? LINE_BREAKS : [character];
  const forms = new Set(raw.flatMap(singleForms));
  const escapedTwice = [...forms].map(escapeAsJson);
  for (const form of [...escapedTwice, ...escapedTwice.map(escapeAsJson)]) forms.add(form);
  return { inLine: [...forms], wrapped: [...forms] };
}

/** `text` as it stands between the quotes of a JSON string. */
export function escapeAsJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The same in ASCII alone, as Python and PHP write it. */
export function escapeAsAsciiJson(text: string, hex: Hex = lowerHex): string {
  return escapeAsJson(text).replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${hex(unit.charCodeAt(0), 4)}`);
}

function singleForms(raw: string): string[] {
  const texts = [raw, escapeAsJson(raw), ...inBothCases((hex) => escapeAsAsciiJson(raw, hex))];
  return [
    ...texts,
    ...(raw === " " ? ["+"] : []),
    ...texts.flatMap((text) => inBothCases((hex) => percentEncode(text, hex))),
    ...texts.flatMap((text) => inBothCases((hex) => percentEncode(percentEncode(text, hex), hex))),
    ...texts.map((text) => text.replaceAll(/[&<>"']/gu, (sign) => `&${ENTITIES[sign]};`)),
    ...escapeEach(raw),
  ];
}

/** The escapes of a single code point in JSON, HTML, shells and programming languages. */
function escapesOf(character: string): string[] {
  const code = character.codePointAt(0) ?? 0;
  const isPrintable = code >= 0x20 && code < 0x7f;
  const units = Array.from({ length: character.length }, (_none, index) => character.charCodeAt(index));
  const bytes = [...Buffer.from(character)];
  return [
    ...(SHORT_ESCAPES[character] ?? []),
    ...(isPrintable ? [`\\${character}`] : []),
    ...(QUOTED[character] ?? []),
    ...inBothCases((hex) => units.map((unit) => `\\u${hex(unit, 4)}`).join("")),
    ...inBothCases((hex) => bytes.map((byte) => `\\x${hex(byte, 2)}`).join("")),
    ...inBothCases((hex) => (code < 0x1_00 ? `\\x${hex(code, 2)}` : `\\U${hex(code, 8)}`)),
    ...inBothCases((hex) => `\\u{${hex(code, 1)}}`),
    ...inBothCases((hex) => `&#x${hex(code, 1)};`),
    ...inBothCases((hex) => (code < 0x1_00 ? `%${hex(code, 2)}` : units.map((unit) => `%u${hex(unit, 4)}`).join(""))),
    bytes.map(caretNotation).join(""),
    `&#${code};`,
    bytes.map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  ];
}

/** As `cat -v` shows a byte, and terminals what is typed. */
function caretNotation(byte: number): string {
  if (byte >= 0x80) return `M-${caretNotation(byte - 0x80)}`;
  return byte >= 0x20 && byte !== 0x7f ? String.fromCharCode(byte) : `^${String.fromCharCode(byte ^ 0x40)}`;
}

/** Of a break of two characters each is escaped, both in the same way. */
function escapeEach(raw: string): string[] {
  const [heads = [], tails] = [...raw].map(escapesOf);
  return tails === undefined ? heads : heads.map((head, index) => `${head}${tails[index] ?? ""}`);
}

type Hex = (value: number, digits: number) => string;

function inBothCases(write: (hex: Hex) => string): string[] {
  return [write(lowerHex), write((value, digits) => lowerHex(value, digits).toUpperCase())];
}

function lowerHex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** All but letters and digits, byte by byte (RFC 3986 §2.1); what an encoder leaves alone is its raw form. */
function percentEncode(text: string, hex: Hex): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9]/u.test(character) ? character : `%${hex(byte, 2)}`;
    })
    .join("");
}
