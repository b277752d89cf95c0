import { displayWidth } from "../text-width.ts";
import { renderLine, type LiveLine } from "./live-line.ts";

/** Terminals that know it show the frame whole (mode 2026); others pass over it. */
const BEGIN_FRAME = "\u001b[?2026h";
const END_FRAME = "\u001b[?2026l";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_LINE_END = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/**
 * Keeps a few lines at the bottom of what a terminal shows and writes others above them. It answers what to write and
 * writes nothing itself: only lines that changed are written again, and nothing when nothing did. The cursor stands at the
 * end of the last line between two frames.
 */
export class ScreenPainter {
  /** What stands there now, as written; empty when nothing does. */
  #shown: readonly string[] = [];
  #widths: readonly number[] = [];

  /** `above`: whole lines that stay and scroll away; they may hold colours and be wider than the window. */
  paint(lines: readonly LiveLine[], above: readonly string[], columns: number): string {
    // A line that fills the last column would leave the cursor between two rows.
    const room = Math.max(1, columns - 1);
    const next = lines.map((line) => renderLine(line, room));
    const isNew = this.#shown.length === 0;
    if (above.length === 0 && !isNew && isSame(next, this.#shown)) return "";
    let text = isNew ? HIDE_CURSOR : this.#toTop();
    if (above.length > 0) {
      text += `${isNew ? "" : CLEAR_BELOW}${above.join("\r\n")}\r\n${next.join("\r\n")}`;
    } else {
      text += next.map((line, index) => (line === this.#shown[index] ? "" : `${line}${CLEAR_LINE_END}`)).join("\r\n");
      // The cursor has to stand at the end of the last line also when that line was not written.
      const last = next.length - 1;
      if (next[last] === this.#shown[last] && last >= 0) text += next[last] ?? "";
      if (this.#shown.length > next.length) text += CLEAR_BELOW;
    }
    this.#shown = next;
    this.#widths = lines.map((line) =>
      Math.min(
        room,
        line.reduce((sum, each) => sum + displayWidth(each.text), 0),
      ),
    );
    return `${BEGIN_FRAME}${text}${END_FRAME}`;
  }

  /** Takes the lines away; the cursor stands where they began, and is to be seen. */
  erase(): string {
    if (this.#shown.length === 0) return "";
    const text = `${this.#toTop()}${CLEAR_BELOW}${SHOW_CURSOR}`;
    this.#shown = [];
    return text;
  }

  /** The window has another width: what stands there was wrapped anew, and is taken away by where it must be now. */
  resize(columns: number): string {
    if (this.#shown.length === 0) return "";
    const rowCount = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / Math.max(1, columns))), 0);
    this.#shown = [];
    return `${up(rowCount - 1)}${CLEAR_BELOW}`;
  }

  #toTop(): string {
    return up(this.#shown.length - 1);
  }
}

function up(rowCount: number): string {
  return rowCount > 0 ? `\r\u001b[${rowCount}A` : "\r";
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((line, index) => line === right[index]);
}
