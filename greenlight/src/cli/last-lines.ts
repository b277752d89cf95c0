import { printable } from "./terminal.ts";

/** The last lines in `bytes` that say something. Broken UTF-8 becomes U+FFFD; of a progress line its last state counts. */
export function lastLines(
  bytes: Uint8Array,
  options: { readonly count: number; readonly isWhole: boolean },
): readonly string[] {
  const all = new TextDecoder().decode(bytes).split("\n");
  // The first one began before what was read.
  const whole = options.isWhole || all.length === 1 ? all : all.slice(1);
  const lines: string[] = [];
  for (let index = whole.length - 1; index >= 0 && lines.length < options.count; index -= 1) {
    const line = printable(lastState(whole[index] ?? ""))
      .replaceAll("\t", "  ")
      .trimEnd();
    if (line.trim() !== "") lines.unshift(line);
  }
  return lines;
}

/** A program that draws a progress bar returns to the line's start and writes it again. */
function lastState(line: string): string {
  const parts = line.split("\r");
  for (let index = parts.length - 1; index >= 0; index -= 1)
    if ((parts[index] ?? "").trim() !== "") return parts[index] ?? "";
  return "";
}
