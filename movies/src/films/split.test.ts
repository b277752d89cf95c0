import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { syntheticFilms } from "../model/testing/synthetic-films.ts";
import { assertDisjoint, isHashHoldout, splitFilms } from "./split.ts";

const films = syntheticFilms(200);

describe("the split", () => {
  it("by hash holds out a film whose key's SHA-256 starts with a multiple of five", () => {
    for (const { key } of films) {
      const start = createHash("sha256").update(key).digest().readUInt32BE(0);
      expect(isHashHoldout(key)).toBe(start % 5 === 0);
    }
  });

  it.each(["hash", "time"] as const)("by %s puts every film on one side, in its order", (split) => {
    const { test, train } = splitFilms(films, split);
    expect(test.length).toBeGreaterThan(0);
    expect(train.length).toBeGreaterThan(test.length);
    expect([...train, ...test].toSorted((a, b) => films.indexOf(a) - films.indexOf(b))).toEqual(films);
  });

  it("by time holds out 2008 and later, and keeps undated films for training", () => {
    const [film] = films;
    if (film === undefined) throw new Error("no films");
    const dated = (releaseDate: string | null) => ({ ...film, facts: { ...film.facts, releaseDate } });
    const { test, train } = splitFilms([dated("2007-12-31"), dated("2008"), dated(null)], "time");
    expect(train.map(({ facts }) => facts.releaseDate)).toEqual(["2007-12-31", null]);
    expect(test.map(({ facts }) => facts.releaseDate)).toEqual(["2008"]);
  });

  it("refuses a film that stands on both sides", () => {
    const both = films.slice(0, 1);
    expect(() => assertDisjoint({ train: films, test: both }, "hash")).toThrow(/HOLDOUT_SHARED: Made-up Film 1/);
    expect(() => assertDisjoint({ train: films, test: both }, "time")).toThrow(/HOLDOUT_SHARED/);
  });
});
