import { cutText } from "../../bounds.ts";

/** Lines of a tool's text without colours, empty ones left out. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/u)
    .map((line) => (line.includes("\u001b") ? cutText(line, 4096) : line))
    .filter((line) => line.trim() !== "");
}

/** What a text without a verdict says, in short: its last line, which is where Python tells what went wrong. */
export function lastWords(lines: readonly string[]): string {
  return cutText(lines.at(-1) ?? "nothing", 300);
}
