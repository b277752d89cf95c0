import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Fingerprints } from "./fingerprint.ts";

interface Place {
  readonly rule: string;
  readonly message: string;
  /** Index of the line in the file. */
  readonly at: number;
}

/** The fingerprints of the findings in a file with these lines, as a tool reports them: from top to bottom. */
function fingerprintsOf(lines: readonly string[], places: readonly Place[]): readonly string[] {
  const prints = new Fingerprints("tool");
  return places
    .toSorted((left, right) => left.at - right.at)
    .map(({ rule, message, at }) => prints.of({ rule, message, file: "src/a.py" }, lines[at] ?? null));
}

function printOf(message: string, source: string): string {
  return new Fingerprints("t").of({ rule: "A", message, file: "f" }, source);
}

// Few different lines, so that equal ones are common.
const line = fc.oneof(fc.constantFrom("x = 1", "return x", "import os", ""), fc.string());
const file = fc.array(line, { minLength: 1, maxLength: 12 });
const fileWithFindings = file.chain((lines) =>
  fc.tuple(
    fc.constant(lines),
    fc.array(
      fc.record({
        rule: fc.constantFrom("A", "B"),
        message: fc.constantFrom("unused", "from line 3"),
        at: fc.nat(lines.length - 1),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  ),
);

describe("fingerprints", () => {
  it("stay when other lines are added", () => {
    fc.assert(
      fc.property(fileWithFindings, fc.nat(), file, ([lines, places], seed, added) => {
        const at = seed % (lines.length + 1);
        const longer = [...lines.slice(0, at), ...added, ...lines.slice(at)];
        const moved = places.map((place) => (place.at >= at ? { ...place, at: place.at + added.length } : place));
        expect(fingerprintsOf(longer, moved)).toEqual(fingerprintsOf(lines, places));
      }),
    );
  });

  it("stay when lines without a finding are removed", () => {
    fc.assert(
      fc.property(fileWithFindings, ([lines, places]) => {
        const wanted = new Set(places.map(({ at }) => at));
        const left = lines.map((_text, at) => at).filter((at) => wanted.has(at));
        const moved = places.map((place) => ({ ...place, at: left.indexOf(place.at) }));
        const shorter = left.map((at) => lines[at] ?? "");
        expect(fingerprintsOf(shorter, moved)).toEqual(fingerprintsOf(lines, places));
      }),
    );
  });

  it("are the same ones together when the lines change their places", () => {
    fc.assert(
      fc.property(fileWithFindings, fc.infiniteStream(fc.nat()), ([lines, places], numbers) => {
        const keys = lines.map(() => numbers.next().value);
        const order = lines.map((_text, at) => at).toSorted((one, other) => (keys[one] ?? 0) - (keys[other] ?? 0));
        const moved = places.map((place) => ({ ...place, at: order.indexOf(place.at) }));
        const mixed = order.map((at) => lines[at] ?? "");
        expect(fingerprintsOf(mixed, moved).toSorted()).toEqual(fingerprintsOf(lines, places).toSorted());
      }),
    );
  });

  it("change with the line, the message, the rule, the file and the tool, and are never shared", () => {
    const finding = { rule: "A", message: "m", file: "a.py" };
    const of = (change: object, source: string | null = "x = 1", tool = "tool"): string =>
      new Fingerprints(tool).of({ ...finding, ...change }, source);
    const all = [
      of({}),
      of({}, "x = 2"),
      of({}, null),
      of({ message: "n" }),
      of({ rule: "B" }),
      of({ file: "b.py" }),
      of({ file: null }),
      of({}, "x = 1", "other"),
    ];
    expect(new Set(all).size).toBe(all.length);
    fc.assert(
      fc.property(fileWithFindings, ([lines, places]) => {
        const prints = fingerprintsOf(lines, places);
        expect(new Set(prints).size).toBe(prints.length);
      }),
    );
  });

  it("a changed line gives another one, a new indentation does not", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const isSame = before.trim().replace(/\s+/g, " ") === after.trim().replace(/\s+/g, " ");
        expect(printOf("m", before) === printOf("m", after)).toBe(isSame);
        expect(printOf("m", `  \t${before} `)).toBe(printOf("m", before));
      }),
    );
  });

  it.each([
    ["redefinition of x from line 12", "redefinition of x from line 40"],
    ["Similar lines in 2 files ==a:[3:10]", "Similar lines in 2 files ==a:[9:16]"],
    ["see lines 3-7", "see lines 13-17"],
    ["defined at src/a.py:12:3", "defined at src/a.py:99:1"],
  ])("%s and %s are one message", (left, right) => {
    expect(printOf(left, "x")).toBe(printOf(right, "x"));
    expect(printOf("expected 2 arguments", "x")).not.toBe(printOf("expected 3 arguments", "x"));
  });
});
