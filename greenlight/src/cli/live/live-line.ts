import { displayWidth, takeColumns } from "../text-width.ts";

export type LiveStyle = "plain" | "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** A piece of a line in one style; its text is free of control characters. */
export interface LivePiece {
  readonly text: string;
  readonly style: LiveStyle;
}

export type LiveLine = readonly LivePiece[];

export function piece(text: string, style: LiveStyle = "plain"): LivePiece {
  return { text, style };
}

/** SGR codes (ECMA-48, 8.3.117). */
const CODES: Readonly<Record<LiveStyle, string>> = {
  plain: "",
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
};

/** The line as a terminal takes it, cut to `columns`; what is cut off is told by "…". */
export function renderLine(line: LiveLine, columns: number): string {
  const width = line.reduce((sum, { text }) => sum + displayWidth(text), 0);
  let room = width <= columns ? width : columns - 1;
  let rendered = "";
  for (const { text, style } of line) {
    const kept = takeColumns(text, room);
    room -= displayWidth(kept);
    if (kept !== "") rendered += CODES[style] === "" ? kept : `\u001b[${CODES[style]}m${kept}\u001b[0m`;
    if (kept.length < text.length) break;
  }
  return width <= columns ? rendered : `${rendered}…`;
}
