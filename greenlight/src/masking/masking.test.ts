import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { digitsBefore, mayWrapSoon } from "./long-line.ts";
import { Masker } from "./masker.ts";
import { matchPattern } from "./pattern.ts";
import { SecretIndex } from "./secret-index.ts";
import { secretPatterns } from "./secret-patterns.ts";
import { BASE64_STYLES, inBase64, TEXT_ENCODERS } from "./testing/encoders.ts";
import { cuts, secrets } from "./testing/secrets.ts";

/** All of them with `npm run test:heavy`. */
const SECRET_COUNT = process.env["GREENLIGHT_HEAVY"] === "1" ? 10_000 : 60;
const TIME = { timeout: 1_800_000 };
const around = fc.uint8Array({ maxLength: 7 }).map((bytes) => Buffer.from(bytes));

describe("masking", () => {
  test(`${SECRET_COUNT} random secrets: none leaks in any encoding, however the stream is cut`, TIME, () => {
    let checkedCount = 0;
    fc.assert(
      fc.property(secrets, around, around, cuts, (secret, before, after, cut) => {
        const masker = new Masker([{ name: "SECRET", value: secret }]);
        for (const { text, masked, how } of appearances(secret, before, after)) {
          checkedCount += 1;
          const streamed = throughStream(masker, cut(Buffer.from(`⟦${text}⟧`)));
          if (streamed !== `⟦${masked}⟧` || masker.text(`⟦${text}⟧`) !== streamed)
            throw new Error(`${how}: ${JSON.stringify(text)} became ${JSON.stringify(streamed)}`);
        }
      }),
      { numRuns: SECRET_COUNT },
    );
    expect(checkedCount).toBeGreaterThan(SECRET_COUNT * 30);
  });

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
          const found: [number, number][] = [];
          index.scan(data, { isFinal: true, carriedDigits: 0 }, (start, end) => found.push([start, end]));
          const wanted = Array.from(data.keys(), (start): [number, number] => [
            start,
            Math.max(
              ...patterns.map(
                (pattern) => matchPattern(pattern, data, start, mayWrapSoon(digitsBefore(data, start, 0))).end,
              ),
            ),
          ]).filter(([, end]) => end >= 0);
          expect(found).toEqual(wanted);
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

function throughStream(masker: Masker, chunks: readonly Buffer[]): string {
  const stream = masker.stream();
  return Buffer.concat([...chunks.map((chunk) => stream.push(chunk)), stream.flush()]).toString();
}

function appearances(
  secret: string,
  before: Buffer,
  after: Buffer,
): { readonly text: string; readonly masked: string; readonly how: string }[] {
  const texts = Object.entries(TEXT_ENCODERS).map(([how, encode]) => ({ text: encode(secret), masked: "***", how }));
  const base64 = [0, 1, 2].flatMap((shift) => {
    const found = inBase64(secret, Buffer.concat([before, Buffer.alloc(shift, "~")]), after);
    return Object.entries(BASE64_STYLES).map(([style, write]) => ({
      text: write(found.text),
      masked: write(found.masked),
      how: `base64 ${style}`,
    }));
  });
  return [...texts, ...base64];
}
