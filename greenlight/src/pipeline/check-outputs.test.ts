import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { checkOutputs, type Writer } from "./check-outputs.ts";

function writer(name: string, ...paths: readonly string[]): Writer {
  return {
    name,
    place: name,
    paths: { inputs: null, outputs: Object.fromEntries(paths.map((path, index) => [`o${index}`, path])), evidence: [] },
  };
}

describe("two writers of one place", () => {
  test.each([
    ["out", "./out/"],
    ["out", "out//x"],
    ["out/**", "out/x"],
    ["out/a", "out/./a/b/c"],
    ["out/*.js", "out"],
    ["out/*.js", "./out/*.js"],
    ["out/{a,b}", "out/a"],
    ["out/*", "out/b"],
    ["out/*.xml", "out/report*"],
    ["out/**/*.xml", "out/a/b.xml"],
  ])("%s and %s are told once", (one, other) => {
    expect(checkOutputs([writer("one", one), writer("other", other)])).toHaveLength(1);
    expect(checkOutputs([writer("other", other), writer("one", one)])).toHaveLength(1);
  });

  test.each([
    ["out/a", "out/ab"],
    ["out/*.js", "out/*.css"],
    ["out/*", "out/b/**"],
    ["out/a-*", "out/b-*"],
    ["films (1).jsonl", "films (2).jsonl"],
    ["out/a", "a/out"],
  ])("%s and %s are apart", (one, other) => {
    expect(checkOutputs([writer("one", one), writer("other", other)])).toEqual([]);
  });

  test("what one step writes twice is its own affair", () => {
    expect(checkOutputs([writer("one", "out", "out/x", "out")])).toEqual([]);
  });
});

test("a problem is found exactly when two writers' paths hold each other", () => {
  const path = fc
    .array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join("/"));
  const writers = fc.array(fc.array(path, { maxLength: 3 }), { maxLength: 6 });
  fc.assert(
    fc.property(writers, (all) => {
      const isShared = all.some((one, index) =>
        all.some((other, place) => index !== place && one.some((a) => other.some((b) => `${b}/`.startsWith(`${a}/`)))),
      );
      const found = checkOutputs(all.map((paths, index) => writer(`w${index}`, ...paths)));
      expect(found.length > 0).toBe(isShared);
    }),
    { numRuns: 1000, seed: 20_260_101 },
  );
});
