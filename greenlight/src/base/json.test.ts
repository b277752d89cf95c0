import fc from "fast-check";
import { expect, test } from "vitest";

import { canonicalJson } from "./json.ts";

/** The definition, without any thought of speed. */
function reference(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}

test("any value gives the bytes of its definition, whatever the order of its keys", () => {
  const json = fc.jsonValue({ noUnicodeString: false });
  fc.assert(
    fc.property(json, fc.infiniteStream(fc.integer()), (value, orders) => {
      const shuffled: unknown = JSON.parse(JSON.stringify(value), (_key, member: unknown) => {
        if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
        const entries = Object.entries(member).map((entry) => ({ entry, order: orders.next().value }));
        return Object.fromEntries(
          entries.toSorted((left, right) => left.order - right.order).map(({ entry }) => entry),
        );
      });
      expect(canonicalJson(value)).toBe(reference(JSON.parse(JSON.stringify(value))));
      expect(canonicalJson(shuffled)).toBe(canonicalJson(JSON.parse(JSON.stringify(value))));
    }),
  );
});

test("a key called __proto__ is a key like any other", () => {
  expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}'))).toBe('{"__proto__":{"a":2},"b":1}');
});
