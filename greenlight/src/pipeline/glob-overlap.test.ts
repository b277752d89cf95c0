import { matchesGlob } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { canOverlap, globShape } from "./glob-overlap.ts";

function overlap(one: string, other: string): boolean {
  return canOverlap(globShape(one), globShape(other));
}

describe("one file could match both", () => {
  test.each([
    ["out/*", "out/b", true],
    ["out/*", "out/*.js", true],
    ["out/*.js", "out/*.css", false],
    ["out/*.js", "out/a*", true],
    ["out/a*", "out/b*", false],
    ["out/?.js", "out/a.js", true],
    ["out/?.js", "out/ab.js", false],
    ["out/**/*.js", "out/a/b/c.js", true],
    ["out/**/*.js", "out/a/b/c.css", true], // it may be a folder
    ["out/*/a", "out/b/a/c", true],
    ["out/*", "out/b/**", false],
    ["out/*", "out/b/c", false],
    ["out/**/x", "out/x", true],
    ["./out//*", "out/b", true],
    ["out/{a,b}*", "out/a1", false],
    ["out/*-1.js", "out/*-2.js", false],
    ["out/*1.js", "out/*-11.js", true],
    ["out/*-1.js", "out/a-2.js", false],
    ["out/a-1.js", "out/**", true],
  ])("%s and %s: %s", (one, other, isShared) => {
    expect([overlap(one, other), overlap(other, one)]).toEqual([isShared, isShared]);
  });
});

test("whatever two globs both match, they overlap", () => {
  const part = fc.constantFrom("a", "b", "ab", "a*", "*b", "*", "?", "a?", "**");
  const glob = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => ["out", ...parts].join("/"));
  const name = fc.constantFrom("a", "b", "ab", "abb", "ba");
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => ["out", ...parts].join("/"));
  let sharedCount = 0;
  fc.assert(
    fc.property(glob, glob, path, (one, other, file) => {
      if (!matchesGlob(file, one) || !matchesGlob(file, other)) return;
      sharedCount += 1;
      expect(overlap(one, other)).toBe(true);
    }),
    { numRuns: 5000, seed: 20_260_101 },
  );
  expect(sharedCount).toBeGreaterThan(30);
});

test("many stars cost no time", () => {
  const stars = "*a".repeat(300);
  expect(overlap(`out/b${stars}`, `out/c${stars}`)).toBe(false);
  expect(overlap(`out/${stars}b`, `out/${stars}c`)).toBe(false);
});
