// A plain import reads every export, and the lazy ones among them cost each command 8 ms.
const { stripVTControlCharacters } = process.getBuiltinModule("node:util");

const CODES = { bold: "1", dim: "2", red: "31", green: "32", yellow: "33", cyan: "36" } as const;

/** Colours for a stream; plain text where it is no terminal or NO_COLOR is set. */
export class Terminal {
  readonly #isColoured: boolean;

  constructor(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>) {
    this.#isColoured = stream.isTTY === true && (env["NO_COLOR"] ?? "") === "";
  }

  paint(style: keyof typeof CODES, text: string): string {
    return this.#isColoured ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
  }
}

/** Foreign text made safe to print: no control characters, so that it can't rewrite the screen. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu, "·");
}

/** The same in one line: what belongs to a line of a list must not look like the next one. */
export function oneLine(text: string): string {
  return printable(text).replaceAll("\n", " ");
}

/** `340 ms`, `1.2 s`, `3 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

const BYTE_UNITS = ["KB", "MB", "GB", "TB"] as const;

/** `340 B`, `1.2 MB`: by thousands. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  let [value, unit] = [bytes / 1000, 0];
  while (value >= 999.95 && unit < BYTE_UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value.toFixed(1)} ${BYTE_UNITS[unit] ?? ""}`;
}
