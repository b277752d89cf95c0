import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ChunkReader } from "./chunk-reader.ts";

interface Read {
  readonly data: string;
  /** Bytes behind the body; -1: malformed. */
  readonly rest: number;
  readonly isDone: boolean;
}

/** Reads `text` in pieces of the given sizes, and the rest of it at once. */
function read(text: string, sizes: readonly number[] = []): Read {
  const reader = new ChunkReader();
  let data = "";
  let left = Buffer.from(text, "latin1");
  for (const size of [...sizes, left.length]) {
    const piece = left.subarray(0, size);
    const count = reader.read(piece, (bytes) => (data += bytes.toString("latin1")));
    if (count === -1) return { data, rest: -1, isDone: false };
    left = left.subarray(count);
    if (reader.isDone) break;
  }
  return { data, rest: left.length, isDone: reader.isDone };
}

describe("a chunked body", () => {
  test("comes out whole, however it is chunked and cut, and what stands behind it is left alone", () => {
    const extension = fc.constantFrom("", ";a", "; a=b", ' ;q="x"');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 40, unit: "binary-ascii" }), extension)),
        fc.constantFrom("", "x-sum: 1\r\n", "a: 1\r\nb:\r\n"),
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
        (chunks, trailers, sizes) => {
          const coded = chunks.map(([data, more]) => `${data.length.toString(16)}${more}\r\n${data}\r\n`).join("");
          const whole = chunks.map(([data]) => data).join("");
          const text = `${coded}0\r\n${trailers}\r\n`;
          expect(read(`${text}rest`, sizes)).toEqual({ data: whole, rest: 4, isDone: true });
          expect(read(text.slice(0, -1), sizes).isDone).toBe(false);
        },
      ),
    );
  });

  test.each([
    ["a size that is no number", "x\r\n"],
    ["an empty size", "\r\n"],
    ["a negative size", "-1\r\n"],
    ["a size with a prefix", "0x1\r\na\r\n"],
    ["a size beyond all bounds", "fffffffffffffff\r\n"],
    ["a line feed alone", "1\na\r\n"],
    ["a carriage return within", "1\r\r\na\r\n"],
    ["more data than announced", "1\r\nab\r\n"],
    ["less data than announced", "3\r\na\r\n0\r\n\r\n"],
    ["an extension without an end", `1;${"a".repeat(20_000)}`],
    ["a malformed trailer", "0\r\nnonsense\r\n\r\n"],
    ["trailers without an end", `0\r\n${"a: 1\r\n".repeat(3000)}`],
  ])("is refused with %s", (_what, text) => {
    expect(read(text).rest).toBe(-1);
    expect(
      read(
        text,
        Array.from({ length: text.length }, () => 1),
      ).rest,
    ).toBe(-1);
  });
});
