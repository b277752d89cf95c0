import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { matchesBranch } from "./branch-pattern.ts";

describe("a branch and a pattern", () => {
  test.each([
    ["main", "main", true],
    ["main", "mains", false],
    ["main", "Main", false],
    ["release/*", "release/1.2", true],
    ["release/*", "release/", true],
    ["release/*", "release/1/2", false],
    ["release/**", "release/1/2", true],
    ["*", "feature", true],
    ["*", "feature/x", false],
    ["**", "feature/x/y", true],
    ["**/fix-*", "team/a/fix-7", true],
    ["**/fix-*", "team/a/fix-7/b", false],
    ["v[0-9].+", "v[0-9].+", true],
    ["v[0-9].+", "v1xx", false],
    ["", "", true],
    ["", "main", false],
    ["**", "", true],
  ])("%s and %s: %s", (pattern, branch, isMatch) => {
    expect(matchesBranch(pattern, branch)).toBe(isMatch);
  });

  test("agrees with the regular expression that the rule describes", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "/", "."), maxLength: 8 });
    const part = fc.oneof({ weight: 2, arbitrary: letters }, fc.constantFrom("*", "**"));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), letters, (parts, branch) => {
        const pattern = parts.join("");
        // Four stars in a row are two of two: the same as `**`.
        const source = (pattern.match(/\*\*|\*|[^*]+/gu) ?? []).map((each) =>
          each === "**" ? ".*" : each === "*" ? "[^/]*" : each.replaceAll(".", String.raw`\.`),
        );
        expect(matchesBranch(pattern, branch)).toBe(new RegExp(`^${source.join("")}$`, "u").test(branch));
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  test("many stars cost no more than a few", () => {
    const startedAt = process.cpuUsage();
    expect(matchesBranch(`${"*a**".repeat(60)}b`, "a".repeat(250))).toBe(false);
    expect(process.cpuUsage(startedAt).user).toBeLessThan(1_000_000);
  });
});
