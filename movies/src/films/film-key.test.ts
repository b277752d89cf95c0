import * as fc from "fast-check";
import { expect, it } from "vitest";

import { filmKey } from "./film-key.ts";

it.each([
  ["Barbarians, The", "thebarbarians"],
  ["The Barbarians", "thebarbarians"],
  ["Perfect World, A", "aperfectworld"],
  ["King Kong (1933)", "kingkong"],
  ["20,000 Leagues Under the Sea", "20000leaguesunderthesea"],
  ["Alien³", "alien"],
])("the key of %s is %s", (title, key) => {
  expect(filmKey(title)).toBe(key);
});

it("a key holds only a–z and 0–9", () => {
  fc.assert(
    fc.property(fc.string(), (title) => {
      expect(filmKey(title)).toMatch(/^[a-z0-9]*$/);
    }),
  );
});
