import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { findSecrets } from "./find-secrets.ts";
import { lineBefore, mayWrapEarly } from "./line-wrap.ts";
import { Masker } from "./masker.ts";
import { matchPattern } from "./pattern.ts";
import { SecretIndex } from "./secret-index.ts";
import { secretPatterns } from "./secret-patterns.ts";
import { BASE64_STYLES, inBase64, TEXT_ENCODERS } from "./testing/encoders.ts";
import { DUMPS, inDump, inLines } from "./testing/layouts.ts";
import { cuts, secrets } from "./testing/secrets.ts";

/** All of them with `npm run test:heavy`. */
const SECRET_COUNT = process.env["GREENLIGHT_HEAVY"] === "1" ? 10_000 : 50;
const TIME = { timeout: 1_800_000 };
const around = fc.uint8Array({ maxLength: 7 }).map((bytes) => Buffer.from(bytes));

describe("masking", () => {
  test(`${SECRET_COUNT} random secrets: none leaks in any encoding, however the stream is cut`, TIME, () => {
    let checkedCount = 0;
    fc.assert(
      fc.property(secrets, around, around, cuts, (secret, before, after, cut) => {
        const masker = new Masker([{ name: "SECRET", value: secret }]);
        for (const { text, masked, how, isContinued } of appearances(secret, before, after)) {
          checkedCount += 1;
          const streamed = throughStream(masker, cut(Buffer.from(`⟦${text}⟧`)));
          const wanted = `⟦${masked}⟧`;
          const isRight = streamed === wanted || (isContinued && showsNoMore(streamed, wanted));
          if (!isRight || masker.text(`⟦${text}⟧`) !== streamed)
            throw new Error(`${how}: ${JSON.stringify(text)} became ${JSON.stringify(streamed)}`);
        }
      }),
      { numRuns: SECRET_COUNT },
    );
    expect(checkedCount).toBeGreaterThan(SECRET_COUNT * 30);
  });

  test(
    `${SECRET_COUNT} random secrets: none leaks where lines tear it apart: base64, digits, text and dumps`,
    TIME,
    () => {
      fc.assert(
        fc.property(secrets, layoutOptions, cuts, (secret, options, cut) => {
          const masker = new Masker([{ name: "SECRET", value: secret }]);
          for (const { text, masked, how } of layouts(secret, options)) {
            const streamed = throughStream(masker, cut(Buffer.from(`⟦\n${text}\n⟧`)));
            if (!showsNoMore(streamed, `⟦\n${masked}\n⟧`) || masker.text(`⟦\n${text}\n⟧`) !== streamed)
              throw new Error(`${how}: ${JSON.stringify(text)} became ${JSON.stringify(streamed)}`);
          }
        }),
        { numRuns: SECRET_COUNT },
      );
    },
  );

  test(
    "a stream gives what masking the whole gives, also where secrets are cut, overlap and almost appear",
    TIME,
    () => {
      fc.assert(
        fc.property(
          fc.array(secrets, { minLength: 1, maxLength: 3 }),
          fc.infiniteStream(fc.nat()),
          cuts,
          (values, numbers, cut) => {
            const next = (below: number): number => (numbers.next().value ?? 0) % below;
            const masker = new Masker(values.map((value, index) => ({ name: `S${index}`, value })));
            const parts = values.flatMap((value) => Object.values(TEXT_ENCODERS).map((encode) => encode(value)));
            const text = Array.from({ length: 12 }, () => {
              const part = parts[next(parts.length)] ?? "";
              const start = next(3) === 0 ? next(part.length) : 0;
              return part.slice(start, next(3) === 0 ? start + next(part.length) : undefined);
            }).join("");
            expect(throughStream(masker, cut(Buffer.from(text)))).toBe(masker.text(Buffer.from(text).toString()));
          },
        ),
        { numRuns: Math.ceil(SECRET_COUNT / 3) },
      );
    },
  );

  test("the filter finds every match that trying each pattern at each place finds", TIME, () => {
    fc.assert(
      fc.property(secrets, fc.uint8Array({ maxLength: 20 }), (secret, noise) => {
        const patterns = secretPatterns([secret]);
        const index = new SecretIndex(patterns);
        for (const encode of Object.values(TEXT_ENCODERS)) {
          const data = Buffer.concat([noise, Buffer.from(encode(secret)), noise]);
          const found = new Map<number, number>();
          for (const { start, end } of findSecrets(index, data, { isFinal: true, before: Buffer.alloc(0) }).ranges)
            found.set(start, Math.max(end, found.get(start) ?? 0));
          const wanted = Array.from(data.keys(), (start): [number, number] => {
            const line = lineBefore(data, start, Buffer.alloc(0));
            const isEarly = { text: mayWrapEarly(line, "text"), digits: mayWrapEarly(line, "digits") };
            const matches = patterns.map((each) => matchPattern(each, data, start, isEarly[each.writing]));
            return [start, Math.max(...matches.map(({ end }) => end))];
          }).filter(([, end]) => end >= 0);
          expect([...found].toSorted(([left], [right]) => left - right)).toEqual(wanted);
        }
      }),
      { numRuns: Math.ceil(SECRET_COUNT / 15) },
    );
  });

  test("bytes without a secret pass as they are, UTF-8 or not", () => {
    const masker = new Masker([{ name: "TOKEN", value: "한국-abcdef-0123456789" }]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, cut) => {
        const stream = masker.stream();
        const output = [...cut(Buffer.from(bytes)).map((chunk) => stream.push(chunk)), stream.flush()];
        expect(Buffer.concat(output)).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

const layoutOptions = fc.record({
  // Next to the secret stands what no encoding of it could begin or end with.
  before: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from([...bytes, 0x7e])),
  after: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from([0x7e, ...bytes])),
  width: fc.integer({ min: 16, max: 90 }),
  lineBreak: fc.constantFrom("\n", "\r\n", "\\n"),
  indentation: fc.constantFrom("", "  ", "\t\t"),
  /** How much of a text stands before its line is wrapped. */
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});
type LayoutOptions = typeof layoutOptions extends fc.Arbitrary<infer Value> ? Value : never;

/** Each with the place of the secret within it, and how lines may tear it apart. */
function layouts(secret: string, { before, after, width, lineBreak, indentation, share }: LayoutOptions) {
  const style = { width, lineBreak, indentation };
  const bytes = Buffer.concat([before, Buffer.from(secret), after]);
  const place = { start: before.length, end: before.length + Buffer.byteLength(secret) };
  const base64 = { start: Math.floor((place.start * 8) / 6), end: Math.ceil((place.end * 8) / 6) };
  const digits = { start: place.start * 2, end: place.end * 2 };
  const dumps = Object.entries(DUMPS).map(([how, dump]) => ({ ...inDump(bytes, place, dump), how }));
  const prose = "2026-11-22 the token that was used is this: ";
  const length = [...secret].length;
  const text = { start: prose.length, end: prose.length + length };
  const cutAt = prose.length + 1 + Math.floor(share * (length - 2));
  const words = inLines(`${prose}${secret} and so on`, text, { ...style, width: cutAt, lineBreak: "\n" });
  return [
    ...dumps,
    { ...inLines(bytes.toString("base64"), base64, style), how: `base64 in lines of ${width}` },
    { ...inLines(bytes.toString("hex"), digits, { ...style, width: width - (width % 2) }), how: "hex in lines" },
    // A line break within a line break is no way of wrapping.
    ...(/[\r\n]/u.test(secret) ? [] : [{ ...words, how: "text that is wrapped" }]),
  ];
}

/**
 * Whether all that is left to read in `found` is left in `wanted`, in the same order. Less may be left: the zeros of an offset may
 * be taken for those of a secret, and bytes beside it may by chance be another form of it.
 */
function showsNoMore(found: string, wanted: string): boolean {
  const allowed = wanted.split("***");
  let index = 0;
  let from = 0;
  for (const piece of found.split("***")) {
    let at = (allowed[index] ?? "").indexOf(piece, from);
    while (at < 0 && index < allowed.length) {
      index += 1;
      at = (allowed[index] ?? "").indexOf(piece);
    }
    if (index === allowed.length) return false;
    from = at + piece.length;
  }
  return true;
}

function throughStream(masker: Masker, chunks: readonly Buffer[]): string {
  const stream = masker.stream();
  return Buffer.concat([...chunks.map((chunk) => stream.push(chunk)), stream.flush()]).toString();
}

function appearances(
  secret: string,
  before: Buffer,
  after: Buffer,
): { readonly text: string; readonly masked: string; readonly how: string; readonly isContinued: boolean }[] {
  const texts = Object.entries(TEXT_ENCODERS).map(([how, encode]) => {
    return { text: encode(secret), masked: "***", how, isContinued: false };
  });
  const base64 = [0, 1, 2].flatMap((shift) => {
    const shifted = Buffer.concat([before, Buffer.alloc(shift, "~")]);
    const found = inBase64(secret, shifted, after);
    return Object.entries(BASE64_STYLES).map(([style, write]) => ({
      text: write(found.text),
      masked: write(found.masked),
      how: `base64 ${style}`,
      isContinued: goesOn(secret, shifted.toString("latin1"), after.toString("latin1")),
    }));
  });
  return [...texts, ...base64];
}

/**
 * Whether what stands beside the secret makes another form of its first or last character: a backslash behind one that ends in a
 * backslash is the secret as JSON writes it, and masked as a whole.
 */
function goesOn(secret: string, before: string, after: string): boolean {
  const characters = [...secret];
  const [first = "", last = ""] = [characters[0], characters.at(-1)];
  return Object.values(TEXT_ENCODERS).some((encode) => {
    const [opening, closing] = [encode(first), encode(last)];
    return (
      (opening.length > first.length && opening.endsWith(first) && before.endsWith(opening.slice(0, -first.length))) ||
      (closing.length > last.length && closing.startsWith(last) && after.startsWith(closing.slice(last.length)))
    );
  });
}
