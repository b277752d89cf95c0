import fc from "fast-check";
import { expect, test } from "vitest";

import { HarmlessText } from "./harmless-text.ts";

function shown(text: string, size = 1_000_000): string {
  const bytes = Buffer.from(text);
  const harmless = new HarmlessText();
  let all = "";
  for (let at = 0; at < bytes.length; at += size) all += harmless.take(bytes.subarray(at, at + size));
  return all;
}

test("colours, tabs and line ends stay", () => {
  const text = "\u001b[1;31mred\u001b[0m\ta\r\n\u001b[38;5;12mblue\u001b[m 한글\n";
  expect(shown(text)).toBe(text);
});

test.each([
  ["clears the screen", "a\u001b[2Jb", "a␛[2Jb"],
  ["sets the title", "\u001b]0;evil\u0007", "␛]0;evil·"],
  ["asks for the position", "\u001b[6n", "␛[6n"],
  ["begins a sequence in one character", "\u009b2J", "·2J"],
  ["rings, goes back or deletes", "\u0007\b\u007f", "···"],
])("what %s is shown as letters", (_what, text, expected) => {
  expect(shown(text)).toBe(expected);
});

test("however it is cut into chunks, the same is shown", () => {
  const part = fc.constantFrom("\u001b[31m", "\u001b", "[", "2J", "한", "a", "\n", "\u009b", "m", ";");
  fc.assert(
    fc.property(fc.array(part), fc.integer({ min: 1, max: 5 }), (parts, size) => {
      // A line end closes whatever is open.
      const text = `${parts.join("")}\n`;
      expect(shown(text, size)).toBe(shown(text));
    }),
    { numRuns: 500, seed: 20_260_101 },
  );
});
