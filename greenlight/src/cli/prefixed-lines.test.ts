import fc from "fast-check";
import { expect, test } from "vitest";

import { PrefixedLines } from "./prefixed-lines.ts";

function passed(chunks: readonly Uint8Array[], options: { prefix: string }): Buffer {
  const lines = new PrefixedLines({ ...options, encode: null });
  return Buffer.concat([...chunks.map((chunk) => lines.take(Buffer.from(chunk))), lines.end()]);
}

test("every line gets its prefix, however the bytes are cut, and no byte is changed", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ max: 12, maxLength: 20 }), { maxLength: 8 }), (chunks) => {
      const whole = Buffer.concat(chunks).toString("latin1");
      const lines = whole.split("\n");
      if (lines.at(-1) === "") lines.pop();
      const expected = lines.map((line) => `a │ ${line}\n`).join("");
      expect(passed(chunks, { prefix: "a │ " }).toString("latin1")).toBe(
        Buffer.from(expected.replaceAll("│", "\u2502"), "utf8").toString("latin1"),
      );
    }),
  );
});

test("invalid UTF-8 goes through as it is", () => {
  expect([...passed([Uint8Array.of(0xff, 0xfe, 0x0a)], { prefix: "" })]).toEqual([0xff, 0xfe, 0x0a]);
});

test("a line without end is not kept for ever", () => {
  const lines = new PrefixedLines({ prefix: "> ", encode: null });
  let written = 0;
  for (let round = 0; round < 100; round += 1) written += lines.take(Buffer.alloc(10_000, "x")).length;
  expect(written).toBeGreaterThan(900_000);
});
