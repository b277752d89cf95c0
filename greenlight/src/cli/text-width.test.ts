import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { clipPainted, clipText, displayWidth, padText, wrapText } from "./text-width.ts";

const text = fc.string({ unit: fc.constantFrom("a", " ", "한", "é", "🙂", "e\u0301", "―", "漢"), maxLength: 40 });

describe("the width of text on a terminal", () => {
  test.each([
    ["abc", 3],
    ["한국어", 6],
    ["漢字", 4],
    ["e\u0301", 1],
    ["각", 2],
    ["🙂", 2],
    ["✔ │ ━ …", 7],
    ["ﬀ", 1],
    ["ｗ", 2],
  ])("%s takes %d columns", (value, columns) => {
    expect(displayWidth(value)).toBe(columns);
  });

  test("clipped text never takes more, and is whole when it fits", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 50 }), (value, columns) => {
        const clipped = clipText(value, columns);
        expect(displayWidth(clipped)).toBeLessThanOrEqual(Math.max(0, columns));
        if (displayWidth(value) <= columns) expect(clipped).toBe(value);
        expect(displayWidth(padText(value, columns))).toBe(Math.max(columns, displayWidth(value)));
        expect(clipPainted(value, columns === 0 ? 1 : columns)).toBe(clipText(value, columns === 0 ? 1 : columns));
      }),
    );
  });

  test("a cut ends the colour", () => {
    expect(clipPainted("\u001b[31mabcdef\u001b[0m", 4)).toBe("\u001b[31mabc…\u001b[0m");
    expect(clipPainted("\u001b[31mabc\u001b[0m", 4)).toBe("\u001b[31mabc\u001b[0m");
  });

  test("wrapped text loses no word, and no line is too wide", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 30 }), (value, columns) => {
        const lines = wrapText(value, columns);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
        expect(lines.join("").replaceAll(" ", "")).toBe(value.replaceAll(" ", ""));
      }),
    );
    expect(wrapText("one two three", 7)).toEqual(["one two", "three"]);
  });
});
