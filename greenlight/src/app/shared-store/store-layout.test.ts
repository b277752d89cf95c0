import fc from "fast-check";
import { expect, test } from "vitest";

import { timeOrderedId } from "../../base/ids.ts";
import { checkKey } from "../../engine/object-store.ts";
import { isRunId, StoreLayout } from "./store-layout.ts";

const time = fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 });

test("a list in ascending order names the newest run first, and tells its id", () => {
  const layout = new StoreLayout("films");
  fc.assert(
    fc.property(time, time, fc.array(fc.nat(31), { minLength: 12, maxLength: 12 }), (left, right, random) => {
      fc.pre(left !== right);
      const [older, newer] = [Math.min(left, right), Math.max(left, right)].map((at) =>
        timeOrderedId(at, () => random.at(at % 12) ?? 0),
      ) as [string, string];
      expect(layout.summary(newer) < layout.summary(older)).toBe(true);
      expect(layout.summarisedRun(layout.summary(newer))).toBe(newer);
    }),
  );
});

test("projects of any name get keys that every store can hold, and folders of their own", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (left, right) => {
      fc.pre(left !== right);
      const digest = "ab".repeat(32);
      const keys = [left, right].map((project) => new StoreLayout(project).blob(digest));
      for (const key of keys) checkKey(key);
      expect(keys[0]).not.toBe(keys[1]);
    }),
  );
  expect(new StoreLayout("films").blob("ab".repeat(32))).toBe(`films/blobs/ab/${"ab".repeat(31)}`);
});

test("nothing but ids and digests gets into a key", () => {
  const layout = new StoreLayout("films");
  for (const text of ["../x", "", "a/b", "A", "한국", "x".repeat(41)]) {
    expect(isRunId(text)).toBe(false);
    expect(() => layout.lease(text)).toThrow(RangeError);
    expect(() => layout.blob(text)).toThrow(RangeError);
  }
  expect(layout.summarisedRun("films/recent/../../x.json")).toBeNull();
});
