import { describe, expect, it } from "vitest";

import { CLEANING_RULES } from "./cleaning-rules.ts";
import type { DraftFilm } from "./raw-film.ts";

const FILM: DraftFilm = {
  line: 1,
  title: "Alien",
  date: { year: 1979, month: 5, day: 25 },
  usGross: 80_900_000,
  worldwideGross: 203_600_000,
  usDvdSales: null,
  productionBudget: 9_000_000,
  runningTimeMin: 117,
  mpaaRating: "R",
  majorGenre: "Horror",
  creativeType: "Science Fiction",
  source: "Original Screenplay",
  distributor: "20th Century Fox",
  director: "Ridley Scott",
  rottenTomatoes: 97,
  rating: 8.5,
  votes: 180_387,
};

function apply(name: string, ...films: readonly Partial<DraftFilm>[]) {
  const rule = CLEANING_RULES.find((candidate) => candidate.name === name);
  if (rule === undefined) throw new Error(`no rule "${name}"`);
  return rule.apply(films.map((film) => Object.assign({}, FILM, film)));
}

const day = (year: number, month: number, dayOfMonth: number) => ({ year, month, day: dayOfMonth });

describe("each cleaning rule", () => {
  it("leaves a sound film alone", () => {
    for (const rule of CLEANING_RULES) expect(rule.apply([FILM])).toEqual({ kept: [FILM], removed: [], rowCount: 0 });
  });

  it.each<[string, Partial<DraftFilm>, Partial<DraftFilm>]>([
    ["numeric title to text", { title: 300 }, { title: "300" }],
    ["year after 2011 is a century late", { date: day(2046, 3, 2) }, { date: day(1946, 3, 2) }],
    ["date Dec 31 1969 is unknown", { date: day(1969, 12, 31) }, { date: null }],
    [
      "Dec 31 before 1997 is a day of the next year",
      { date: day(1996, 12, 31) },
      { date: { year: 1997, month: null, day: null } },
    ],
    ["Jan 01 is a month unknown", { date: day(1990, 1, 1) }, { date: { year: 1990, month: null, day: null } }],
    ["US gross 0 is unknown", { usGross: 0 }, { usGross: null }],
    ["worldwide gross 0 is unknown", { worldwideGross: 0 }, { worldwideGross: null }],
    ["budget below 1000 is unknown", { productionBudget: 999 }, { productionBudget: null }],
    ["MPAA Open is Not Rated", { mpaaRating: "Open" }, { mpaaRating: "Not Rated" }],
  ])("repairs: %s", (name, before, after) => {
    expect(apply(name, before)).toEqual({ kept: [{ ...FILM, ...after }], removed: [], rowCount: 1 });
  });

  it.each<[string, Partial<DraftFilm>]>([
    ["year after 2011 is a century late", { date: day(2011, 3, 2) }],
    ["date Dec 31 1969 is unknown", { date: day(1970, 12, 31) }],
    ["Dec 31 before 1997 is a day of the next year", { date: day(1997, 12, 31) }],
    ["budget below 1000 is unknown", { productionBudget: 1000 }],
    ["critics and public more than 60 apart", { rating: 8.5, rottenTomatoes: 25 }],
    ["fewer than 100 votes", { votes: 100 }],
  ])("stops at its bound: %s", (name, film) => {
    expect(apply(name, film).rowCount).toBe(0);
  });

  it.each<[string, Partial<DraftFilm>]>([
    ["no title", { title: null }],
    ["no title", { title: " " }],
    ["no rating", { rating: null }],
    ["critics and public more than 60 apart", { rating: 8.5, rottenTomatoes: 24 }],
    ["critics and public more than 60 apart", { rating: 2.5, rottenTomatoes: 90 }],
    ["fewer than 100 votes", { votes: 99 }],
    ["fewer than 100 votes", { votes: null }],
    ["no date", { date: null }],
  ])("takes out: %s", (name, film) => {
    const { kept, removed, rowCount } = apply(name, film, {});
    expect(kept).toEqual([FILM]);
    expect(removed).toEqual([{ ...FILM, ...film }]);
    expect(rowCount).toBe(1);
  });

  it("rejects all of a group of one title, rating and votes", () => {
    const result = apply("same title, rating and votes", { line: 1 }, { line: 2 }, { line: 3, votes: 5 });
    expect(result.kept.map(({ line }) => line)).toEqual([3]);
    expect(result.rowCount).toBe(2);
  });

  it("rejects films of other titles with one rating and votes, when the votes are many", () => {
    const name = "different titles, same rating and votes";
    expect(apply(name, { votes: 10_000 }, { votes: 10_000, title: "Aliens" }).rowCount).toBe(2);
    expect(apply(name, { votes: 9999 }, { votes: 9999, title: "Aliens" }).rowCount).toBe(0);
  });
});
