import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { answerExpectationSchema, findFaults } from "./answer-expectation.ts";

function faults(text: string, expected: object, status = 200): readonly string[] {
  return findFaults({ status, text }, answerExpectationSchema.parse(expected));
}

const ANSWER = JSON.stringify({
  rating: 7.25,
  release: { id: "r1", tags: ["a", "b"] },
  films: [{ title: "Up" }],
  none: null,
});

describe("findFaults", () => {
  it("without any expectation the status has to be 200", () => {
    expect(faults("hello", {})).toEqual([]);
    expect(faults("hello", {}, 500)).toEqual(["status 500, expected 200"]);
    expect(faults("hello", { status: 404 }, 404)).toEqual([]);
  });

  it("an object is contained when the answer holds more", () => {
    expect(faults(ANSWER, { json: { release: { id: "r1" }, films: [{ title: "Up" }], none: null } })).toEqual([]);
    expect(faults(ANSWER, { json: { release: { id: "r2", tags: ["a"] }, films: {}, lost: 1 } })).toEqual([
      'release.id is "r1", expected "r2"',
      "release.tags has 2 entries, expected 1",
      'films is [{"title":"Up"}], expected type object',
      "lost is missing, expected 1",
    ]);
  });

  it("fields are looked at by type or range, also inside lists", () => {
    const fields = { rating: { min: 0, max: 10 }, "films.0.title": "string", release: "object", none: "null" };
    expect(faults(ANSWER, { fields })).toEqual([]);
    const wrong = {
      rating: { max: 5 },
      "films.1.title": "string",
      "release.tags": "object",
      "release.id.length": "number",
    };
    expect(faults(ANSWER, { fields: wrong })).toEqual([
      "rating is 7.25, expected a number from -Infinity to 5",
      "films.1.title is missing",
      'release.tags is ["a","b"], expected type object',
      "release.id.length is missing",
    ]);
  });

  it("an answer that is not JSON fails once, and an inherited name is no field", () => {
    expect(faults("<html>", { json: { a: 1 }, fields: { a: "number" } })).toEqual(['the answer is not JSON: "<html>"']);
    expect(faults("{}", { fields: { constructor: "object", __proto__x: "object" } })).toHaveLength(2);
  });

  it("at most five differences are told", () => {
    expect(
      faults("{}", { json: Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 1])) }),
    ).toHaveLength(5);
  });

  it("every JSON value contains itself, and never another number", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(faults(JSON.stringify(json), { json: JSON.parse(JSON.stringify(json)) })).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (left, right) => {
        expect(faults(JSON.stringify({ a: left }), { json: { a: right } }).length > 0).toBe(left !== right);
      }),
    );
  });
});
