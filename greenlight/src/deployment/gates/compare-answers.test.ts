import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Json } from "../../base/json.ts";
import { compareAnswers, type GoldenAnswer } from "./compare-answers.ts";

const RULE = { tolerance: 1e-6, ignore: ["predictionId", "meta.at"] };

function golden(body: Json | undefined, change: Partial<GoldenAnswer> = {}): GoldenAnswer {
  return { status: 200, body, isSubset: false, isRedacted: false, ...change };
}

function differences(expected: GoldenAnswer, actual: Json, status = 200) {
  return compareAnswers(expected, { status, body: JSON.stringify(actual) }, RULE);
}

describe("an answer is the golden one", () => {
  test.each<[string, GoldenAnswer, Json]>([
    ["when both are the same", golden({ rating: 7.1, list: [1, null, "a"] }), { rating: 7.1, list: [1, null, "a"] }],
    ["when numbers are within the tolerance", golden({ rating: 7.1 }), { rating: 7.100_000_9 }],
    [
      "when an ignored name differs at any depth",
      golden({ a: [{ predictionId: "x" }] }),
      { a: [{ predictionId: "y" }] },
    ],
    ["when an ignored path differs", golden({ meta: { at: 1 } }), { meta: { at: 2 } }],
    ["when an ignored field is missing on one side", golden({ rating: 1 }), { rating: 1, predictionId: "z" }],
    ["when it has more than a golden part", golden({ rating: 1 }, { isSubset: true }), { rating: 1, more: true }],
    ["when what differs was left out of the record", golden({ a: "[redacted]" }, { isRedacted: true }), { a: "x" }],
    ["when no body was recorded", golden(undefined), { any: 1 }],
  ])("%s", (_name, expected, actual) => {
    expect(differences(expected, actual)).toEqual([]);
  });
});

describe("an answer differs", () => {
  test.each<[string, GoldenAnswer, Json, string]>([
    ["by a number beyond the tolerance", golden({ rating: 7.1 }), { rating: 7.100_002 }, "rating"],
    ["by a type", golden({ rating: 7 }), { rating: "7" }, "rating"],
    ["by a number that became null", golden({ rating: 7 }), { rating: null }, "rating"],
    ["by a missing field", golden({ a: { b: 1 } }), { a: {} }, "a.b"],
    ["by a field too many", golden({ a: 1 }), { a: 1, b: 2 }, "b"],
    ["by the length of a list", golden({ a: [1, 2] }), { a: [1] }, "a"],
    ["by a list in the place of an object", golden({ a: {} }), { a: [] }, "a"],
    ["by a text that only a redacted record may hide", golden({ a: "[redacted]" }), { a: "x" }, "a"],
    ["by a field that only its path would ignore", golden({ at: 1 }), { at: 2 }, "at"],
  ])("%s", (_name, expected, actual, path) => {
    expect(differences(expected, actual).map((each) => each.path)).toEqual([path]);
  });

  test("by its status before all else", () => {
    expect(differences(golden({ a: 1 }), { a: 2 }, 500)).toEqual([
      { path: "", expected: "status 200", actual: "status 500", delta: null },
    ]);
  });

  test("by no more than is shown", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, index]));
    expect(differences(golden(many), {})).toHaveLength(20);
  });
});

test("any JSON answer is the golden one of itself, and one changed number is always found", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (value, change) => {
      const rule = { tolerance: 1e-6, ignore: [] };
      const body = JSON.parse(JSON.stringify(value)) as Json;
      expect(compareAnswers(golden(body), { status: 200, body: JSON.stringify(body) }, rule)).toEqual([]);
      const marked = { body, marker: 1 };
      const found = compareAnswers(
        golden(marked),
        { status: 200, body: JSON.stringify({ body, marker: 1 + change }) },
        rule,
      );
      expect(found.map((each) => each.path)).toEqual(["marker"]);
      expect(found[0]?.delta).toBeCloseTo(change, 3);
    }),
  );
});
