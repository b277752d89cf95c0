import fc from "fast-check";
import { expect, test } from "vitest";

import { encodeFrame, readFrames, type Frame } from "./frames.ts";

async function readAll(chunks: readonly Buffer[]): Promise<Frame[]> {
  const found: Frame[] = [];
  for await (const frame of readFrames(inTurn(chunks))) found.push(frame);
  return found;
}

async function* inTurn(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

test("what is sent comes in as it was, wherever it is cut into chunks; a torn end is left out", async () => {
  const frame = fc.record({ text: fc.string(), body: fc.option(fc.uint8Array({ maxLength: 300 })) });
  await fc.assert(
    fc.asyncProperty(fc.array(frame), fc.integer({ min: 1, max: 50 }), async (frames, size) => {
      const bytes = Buffer.concat(frames.map(({ text, body }) => encodeFrame({ text }, body)));
      const cut = (length: number): Buffer[] =>
        Array.from({ length: Math.ceil(length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
      const got = await readAll(cut(bytes.length));
      expect(got.map(({ head, body }) => [head["text"], [...body]])).toEqual(
        frames.map(({ text, body }) => [text, [...(body ?? [])]]),
      );
      const torn = await readAll([bytes.subarray(0, Math.max(0, bytes.length - 1))]);
      expect(torn).toHaveLength(Math.max(0, frames.length - 1));
    }),
  );
});

test.each([
  ["no json\n", "JSON"],
  ["[]\n", "no object"],
  ['{"bytes":-1}\n', "too large"],
  ['{"bytes":1e9}\n', "too large"],
  ['{"bytes":"1"}\n', "too large"],
])("refuses %j: %s", async (text, why) => {
  await expect(readAll([Buffer.from(text)])).rejects.toThrow(why);
});
