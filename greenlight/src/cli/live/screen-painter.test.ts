import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { piece, type LiveLine } from "./live-line.ts";
import { ScreenPainter } from "./screen-painter.ts";
import { TerminalScreen } from "./testing/terminal-screen.ts";

function lines(...texts: readonly string[]): LiveLine[] {
  return texts.map((text) => [piece(text)]);
}

describe("a painter", () => {
  test("keeps its lines below those that stay", () => {
    const screen = new TerminalScreen(20, 5);
    const painter = new ScreenPainter();
    screen.write("before\r\n");
    screen.write(painter.paint(lines("a", "b"), [], 20));
    expect(screen.rows).toEqual(["before", "a", "b", "", ""]);
    screen.write(painter.paint(lines("a", "c"), ["done 1"], 20));
    expect(screen.rows).toEqual(["before", "done 1", "a", "c", ""]);
    screen.write(painter.paint(lines("c"), ["done 2", "done 3", "done 4"], 20));
    expect(screen.rows).toEqual(["done 1", "done 2", "done 3", "done 4", "c"]);
    expect(screen.lines).toEqual(["before", "done 1", "done 2", "done 3", "done 4", "c"]);
  });

  test("writes nothing when nothing changed, and only the lines that did", () => {
    const painter = new ScreenPainter();
    painter.paint(lines("first", "second", "third"), [], 40);
    expect(painter.paint(lines("first", "second", "third"), [], 40)).toBe("");
    const text = painter.paint(lines("first", "2nd", "third"), [], 40);
    expect(text).toContain("2nd");
    expect(text).not.toContain("first");
  });

  test("hides the cursor while it draws and shows it when it leaves", () => {
    const screen = new TerminalScreen(20, 4);
    const painter = new ScreenPainter();
    screen.write(painter.paint(lines("a", "b"), [], 20));
    expect(screen.isCursorShown).toBe(false);
    screen.write(painter.erase());
    expect(screen.isCursorShown).toBe(true);
    expect(screen.cursor).toEqual({ row: 0, column: 0 });
    expect(screen.rows).toEqual(["", "", "", ""]);
  });

  test("cuts a line at the window's border, Korean at two columns a letter", () => {
    const screen = new TerminalScreen(10, 3);
    const painter = new ScreenPainter();
    screen.write(painter.paint(lines("한국어 영화 평점", "x"), [], 10));
    expect(screen.rows).toEqual(["한국어 …", "x", ""]);
  });

  test("leaves nothing of the old lines when the window becomes narrower or wider", () => {
    const screen = new TerminalScreen(40, 6);
    const painter = new ScreenPainter();
    screen.write(painter.paint(lines("a line of some thirty columns.", "another"), ["stays"], 40));
    screen.resize(12, 6);
    screen.write(painter.resize(12));
    screen.write(painter.paint(lines("a line of some thirty columns.", "another"), [], 12));
    expect(screen.rows).toEqual(["stays", "a line of …", "another", "", "", ""]);
    screen.resize(40, 6);
    screen.write(painter.resize(40));
    screen.write(painter.paint(lines("wide again"), [], 40));
    expect(screen.rows).toEqual(["stays", "wide again", "", "", "", ""]);
  });

  test("shows exactly the last lines and all that stays, whatever it is given", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "한", "é", "…", "🙂"), maxLength: 30 });
    const frame = fc.record({
      live: fc.array(text, { minLength: 1, maxLength: 6 }),
      above: fc.array(
        text.map((each) => `|${each}|`),
        { maxLength: 3 },
      ),
    });
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 4, max: 40 }),
        fc.integer({ min: 7, max: 12 }),
        (frames, columns, rows) => {
          const screen = new TerminalScreen(columns, rows);
          const painter = new ScreenPainter();
          for (const { live, above } of frames) screen.write(painter.paint(lines(...live), above, columns));
          const whole = new TerminalScreen(columns, rows);
          const above = frames.flatMap((each) => each.above);
          whole.write(above.map((line) => `${line}\r\n`).join(""));
          whole.write(new ScreenPainter().paint(lines(...(frames.at(-1)?.live ?? [])), [], columns));
          expect(screen.lines).toEqual(whole.lines);
        },
      ),
      { numRuns: 300 },
    );
  });
});
