import { generateKeyPairSync } from "node:crypto";

import fc from "fast-check";
import { expect, test } from "vitest";

import { Seal } from "./seal.ts";

const pair = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519");
const seal = new Seal({ project: "films", ...pair });
const reader = new Seal({ project: "films", publicKey: pair.publicKey, privateKey: null });
const KEY = "films/cache/ab/cd.json";

test("whatever JSON was sealed is opened as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (body, key) => {
      const opened = reader.open("cache-entry", key, seal.seal("cache-entry", key, body));
      // What JSON can't tell apart (-0 and 0) is equal here too.
      expect(opened).toEqual({ ok: true, value: JSON.parse(JSON.stringify(body)) });
    }),
  );
});

test("a sealed body with any byte changed, or cut at any place, is refused or means the same", () => {
  const body = { step: "train", outputs: { model: ["a", "b"] }, n: 12.5 };
  const bytes = Buffer.from(seal.seal("cache-entry", KEY, body));
  for (let length = 0; length < bytes.length; length += 1)
    expect(reader.open("cache-entry", KEY, bytes.subarray(0, length)).ok).toBe(false);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ change;
      const opened = reader.open("cache-entry", KEY, changed);
      if (opened.ok) expect(opened.value).toEqual(body);
    }),
    { numRuns: 500 },
  );
});

test("a signature for another key, kind, project or signer does not hold", () => {
  const body = { step: "train" };
  const bytes = seal.seal("cache-entry", KEY, body);
  const foreign = new Seal({ project: "series", ...pair });
  const stranger = new Seal({ project: "films", ...other });
  expect(reader.open("cache-entry", KEY, bytes).ok).toBe(true);
  expect(reader.open("cache-entry", `${KEY}x`, bytes).ok).toBe(false);
  expect(reader.open("run-events", KEY, bytes).ok).toBe(false);
  expect(foreign.open("cache-entry", KEY, bytes).ok).toBe(false);
  expect(reader.open("cache-entry", KEY, stranger.seal("cache-entry", KEY, body))).toEqual({
    ok: false,
    error: "its signature does not hold",
  });
  const relabelled = Buffer.from(Buffer.from(bytes).toString().replace("cache-entry", "run-events"));
  expect(reader.open("run-events", KEY, relabelled).ok).toBe(false);
  const unsigned = Buffer.from(JSON.stringify({ schema: 1, kind: "cache-entry", body }));
  expect(reader.open("cache-entry", KEY, unsigned)).toEqual({ ok: false, error: "it is not signed" });
});

test("bytes meant to exhaust the reader are refused", () => {
  const deep = `{"schema":1,"kind":"cache-entry","signature":"AA==","body":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  expect(reader.open("cache-entry", KEY, Buffer.from(deep)).ok).toBe(false);
  for (const text of ["", "null", "[]", "12", '"x"', "{}"])
    expect(reader.open("cache-entry", KEY, Buffer.from(text)).ok).toBe(false);
});

test("a run without the private key can't sign", () => {
  expect(() => reader.seal("cache-entry", KEY, {})).toThrow("not trusted");
});
