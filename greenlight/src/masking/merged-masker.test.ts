import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { findSecrets } from "./find-secrets.ts";
import { Masker } from "./masker.ts";
import type { MergedMasker } from "./merged-masker.ts";
import { SecretIndex } from "./secret-index.ts";
import { secretPatterns } from "./secret-patterns.ts";
import { inBase64, TEXT_ENCODERS } from "./testing/encoders.ts";
import { DUMPS, inDump } from "./testing/layouts.ts";
import { secrets } from "./testing/secrets.ts";

const COUNT = process.env["GREENLIGHT_HEAVY"] === "1" ? 1000 : 10;
const TIME = { timeout: 1_800_000 };
const TOKEN = "open-sesame-42";
const [OUT, ERR] = [0, 1];

function merged(...values: readonly string[]): MergedMasker {
  return maskerOf(values).merged();
}

function maskerOf(values: readonly string[]): Masker {
  return new Masker(values.map((value, index) => ({ name: `S${index}`, value })));
}

function through(masker: MergedMasker, chunks: readonly (readonly [number, string])[]): string[] {
  return [...chunks.map(([source, text]) => masker.push(source, Buffer.from(text))), masker.flush()].map(String);
}

describe("two streams in one text", () => {
  test("halves that come over different streams are masked, however long the first one waits", () => {
    expect(
      through(merged(TOKEN), [
        [OUT, "a open-ses"],
        [ERR, "ame-42 b\n"],
      ]),
    ).toEqual(["a ", "*** b\n", ""]);
  });

  test("a secret in one stream is masked although the other one spoke in between, in the order of arrival", () => {
    const chunks = [
      [OUT, "a open-ses"],
      [ERR, "warning\n"],
      [OUT, "ame-42 b\n"],
    ] as const;
    expect(through(merged(TOKEN), chunks)).toEqual(["a ", "", "***warning\n*** b\n", ""]);
  });

  test("byte by byte, turn by turn", () => {
    const chunks = [...`<${TOKEN}>`].map((byte, index) => [index % 2, byte] as const);
    expect(through(merged(TOKEN), chunks).join("")).toBe("<***>");
  });

  test("what waits for the other stream's end can be let go, and no secret is made by that", () => {
    const masker = merged(TOKEN);
    expect(String(masker.push(OUT, Buffer.from("is it o")))).toBe("is it ");
    expect(masker.isBlocked).toBe(false);
    expect(String(masker.push(ERR, Buffer.from("asked\n")))).toBe("");
    expect(masker.isBlocked).toBe(true);
    expect(String(masker.release())).toBe("asked\n");
    expect(masker.isBlocked).toBe(false);
    expect(String(masker.push(ERR, Buffer.from("again\n")))).toBe("again\n");
    expect(String(masker.push(OUT, Buffer.from("pen-sesame-42!\n")))).toBe("***!\n");

    // What stood between the halves is moved away.
    const other = merged(TOKEN, "Xylophone-7");
    expect(String(other.push(OUT, Buffer.from("open-sesX")))).toBe("open-ses");
    other.push(ERR, Buffer.from("ame-42 b\n"));
    const after = `${String(other.release())}${String(other.push(OUT, Buffer.from("y")))}${String(other.flush())}`;
    expect(after).toBe("*** b\nXy");
  });

  test("a stream that goes on for ever does not wait for another one's last letter", () => {
    const masker = merged(TOKEN);
    masker.push(OUT, Buffer.from("o"));
    const line = Buffer.from("all is well\n".repeat(1000));
    let left = 0;
    for (let count = 0; count < 200; count += 1) left += masker.push(ERR, line).length;
    expect(left).toBe(line.length * 200);
    expect(`${String(masker.push(OUT, Buffer.from("pen-sesame-42")))}${String(masker.flush())}`).toBe("***");
  });

  test("many small pieces do not wait for ever either", () => {
    const masker = merged(TOKEN);
    masker.push(OUT, Buffer.from("o"));
    let left = 0;
    for (let count = 0; count < 5000; count += 1) left += masker.push(ERR, Buffer.from("x")).length;
    expect(left).toBeGreaterThan(3000);
  });

  test("equal bytes of the other stream are not taken for a stream's own", () => {
    const ruler = "-".repeat(60);
    const chunks = [
      [ERR, `${ruler}o`],
      [OUT, `${ruler}o`],
      [ERR, "pen-s"],
      [ERR, "esame-42!"],
    ] as const;
    // In the text the secret begins with the other stream's letter.
    expect(through(merged(TOKEN), chunks).join("")).toBe(`${ruler}***${ruler}***!`);
  });

  test("one stream alone: chunks without a secret are not even copied", () => {
    const masker = merged(TOKEN);
    const chunk = Buffer.from("all is well\n");
    expect(masker.push(OUT, chunk).buffer).toBe(chunk.buffer);
  });

  test("without secrets both pass", () => {
    const chunk = Buffer.from(TOKEN);
    const masker = merged();
    expect(masker.push(ERR, chunk)).toBe(chunk);
    expect(masker.isBlocked).toBe(false);
    expect(masker.flush()).toHaveLength(0);
  });
});

interface Chunk {
  readonly source: number;
  readonly bytes: Buffer;
}

/** Two texts that are cut anywhere and come in any order; `numbers` decides. */
function alternation(texts: readonly Buffer[], next: (below: number) => number): Chunk[] {
  const places = texts.map(() => 0);
  const chunks: Chunk[] = [];
  const longest = [1, 3, 12, 60, 300][next(5)] ?? 1;
  while (places.some((place, source) => place < (texts[source]?.length ?? 0))) {
    const source = next(2);
    const from = places[source] ?? 0;
    const bytes = texts[source]?.subarray(from, from + 1 + next(longest)) ?? Buffer.alloc(0);
    if (bytes.length > 0) chunks.push({ source, bytes });
    places[source] = from + bytes.length;
  }
  return chunks;
}

/** What is left when each stream and the whole are looked at in one piece each. */
function maskedAtOnce(index: SecretIndex, chunks: readonly Chunk[]): string {
  const whole = Buffer.concat(chunks.map(({ bytes }) => bytes));
  const isMasked = new Uint8Array(whole.length);
  const look = (isMeant: (source: number) => boolean): void => {
    let at = 0;
    const places = chunks.flatMap(({ source, bytes }) => {
      const from = at;
      at += bytes.length;
      return isMeant(source) ? Array.from(bytes, (_byte, offset) => from + offset) : [];
    });
    const data = Buffer.from(places.map((place) => whole[place] ?? 0));
    for (const { start, end } of findSecrets(index, data, { isFinal: true, before: Buffer.alloc(0) }).ranges)
      for (const place of places.slice(start, end)) isMasked[place] = 1;
  };
  look(() => true);
  look((source) => source === OUT);
  look((source) => source === ERR);
  const shown = Array.from(whole, (byte, place) =>
    isMasked[place] === 0 ? [byte] : place > 0 && isMasked[place - 1] === 1 ? [] : [0x2a, 0x2a, 0x2a],
  );
  return Buffer.from(shown.flat()).toString("latin1");
}

function appearances(value: string): Buffer[] {
  const bytes = Buffer.concat([Buffer.from("~before~"), Buffer.from(value), Buffer.from("~after~")]);
  const place = { start: 8, end: bytes.length - 7 };
  return [
    ...Object.values(TEXT_ENCODERS).map((encode) => encode(value)),
    ...["", "~", "~~"].map((before) => inBase64(value, Buffer.from(before), Buffer.from("~")).text),
    bytes.toString("base64").replaceAll(/.{20}/gu, "$&\n"),
    ...Object.values(DUMPS).map((dump) => `\n${inDump(bytes, place, dump).text}\n`),
  ].map((text) => Buffer.from(text));
}

const NOISE = ["", "warning: ", "\n", "it is so\n", "\u00ff\u0000", "0000 01 02\n", "\\n", "***"].map((text) =>
  Buffer.from(text),
);

function randomCase(values: readonly string[], next: (below: number) => number): Chunk[] {
  const parts = [...values.flatMap(appearances), ...NOISE, Buffer.of(0xff, 0xc3)];
  const some = (): Buffer => {
    const part = parts[next(parts.length)] ?? Buffer.alloc(0);
    return next(3) === 0
      ? part.subarray(next(part.length + 1))
      : next(3) === 0
        ? part.subarray(0, next(part.length))
        : part;
  };
  // One text cut over both streams, or two texts.
  if (next(2) === 0) {
    const text = Buffer.concat([some(), parts[next(parts.length - NOISE.length)] ?? Buffer.alloc(0), some()]);
    const chunks: Chunk[] = [];
    const longest = [1, 3, 12, 60][next(4)] ?? 1;
    for (let from = 0; from < text.length;) {
      const bytes = text.subarray(from, from + 1 + next(longest));
      chunks.push({ source: next(2), bytes });
      from += bytes.length;
    }
    return chunks;
  }
  return alternation([Buffer.concat([some(), some(), some()]), Buffer.concat([some(), some()])], next);
}

const cases = casesOf(secrets);
// The mask itself would make a secret whole that lacks a star.
const starless = casesOf(secrets.filter((value) => !value.includes("*")));

function casesOf(values: fc.Arbitrary<string>): fc.Arbitrary<[string[], fc.Stream<number>]> {
  return fc.tuple(fc.array(values, { minLength: 1, maxLength: 3 }), fc.infiniteStream(fc.nat()));
}

test(
  `${COUNT} random secrets, cut over two streams: what is left is what looking at each and at both leaves`,
  TIME,
  () => {
    fc.assert(
      fc.property(cases, ([values, numbers]) => {
        const next = (below: number): number => (numbers.next().value ?? 0) % Math.max(1, below);
        const [own, index] = [maskerOf(values), new SecretIndex(secretPatterns(values))];
        for (let count = 0; count < 8; count += 1) {
          const chunks = randomCase(values, next);
          // More pieces do not wait, so that their order may change.
          if (chunks.length > 1024) continue;
          const masker = own.merged();
          const out = [...chunks.map(({ source, bytes }) => masker.push(source, bytes)), masker.flush()];
          expect(Buffer.concat(out).toString("latin1")).toBe(maskedAtOnce(index, chunks));
        }
      }),
      { numRuns: COUNT },
    );
  },
);

test(
  `${COUNT} random secrets, whatever is let go in between: none is left in the text, and no other byte is lost`,
  TIME,
  () => {
    fc.assert(
      fc.property(starless, ([values, numbers]) => {
        const next = (below: number): number => (numbers.next().value ?? 0) % Math.max(1, below);
        const own = maskerOf(values);
        for (let count = 0; count < 8; count += 1) {
          const chunks = randomCase(values, next);
          const masker = own.merged();
          const out = chunks.flatMap(({ source, bytes }) => [
            masker.push(source, bytes),
            ...(next(2) === 0 ? [masker.release()] : []),
          ]);
          const text = Buffer.concat([...out, masker.flush()]);
          const again = own.stream();
          expect(Buffer.concat([again.push(text), again.flush()]).toString("latin1")).toBe(text.toString("latin1"));
          // What is moved may come to stand where it makes a secret.
          if (text.includes("***")) continue;
          expect(letters(text)).toBe(letters(Buffer.concat(chunks.map(({ bytes }) => bytes))));
        }
      }),
      { numRuns: COUNT },
    );
  },
);

function letters(from: Buffer): string {
  return [...from].toSorted((left, right) => left - right).join();
}
