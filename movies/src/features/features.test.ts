import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { FilmFacts, LabelledFilm } from "../films/film.ts";
import { syntheticFilms } from "../model/testing/synthetic-films.ts";
import { filmDescriber } from "./describe-film.ts";
import { fitFeatures } from "./fit-features.ts";
import { fittedFeaturesSchema } from "./fitted-features.ts";

const films = syntheticFilms(80);
const NO_AFTERMATH = { votes: 100, usGross: null, worldwideGross: null, usDvdSales: null };

function rated(rating: number, facts: Partial<FilmFacts>): LabelledFilm {
  return { key: "a", facts: { title: "A", ...facts }, aftermath: NO_AFTERMATH, rating };
}

function named(train: readonly LabelledFilm[], facts: FilmFacts, set: "A" | "B" = "A") {
  const describer = filmDescriber(fitFeatures(train, set));
  const row = describer.describe(facts);
  return Object.fromEntries(describer.names.map((name, column) => [name, row[column]]));
}

/** The columns of the rating that are set. */
function ofRating(mpaaRating: string | null): string[] {
  return Object.entries(named(films, { title: "A", mpaaRating }))
    .filter(([name, value]) => name.startsWith("mpaaRating=") && value === 1)
    .map(([name]) => name);
}

describe("the director's prior", () => {
  const train = [
    rated(9, { director: "Ada", releaseDate: "1990-05-01" }),
    rated(7, { director: "Ada", releaseDate: "1995" }),
    rated(5, { director: "Ada", releaseDate: "1999-05-01" }),
    rated(3, { director: "Ben", releaseDate: "1980" }),
  ];
  const mean = 6;
  const of = (facts: Partial<FilmFacts>) => {
    const { directorFilmCount, directorPrior } = named(train, { title: "A", ...facts });
    return [directorFilmCount, directorPrior];
  };

  it("is the mean rating before the first film, and for no or an unknown director", () => {
    expect(of({ director: "Ada", releaseDate: "1985" })).toEqual([0, mean]);
    expect(of({ director: "Cleo", releaseDate: "1985" })).toEqual([0, mean]);
    expect(of({ releaseDate: "1985" })).toEqual([0, mean]);
  });

  it("draws the earlier training films toward the mean as if three more were of mean rating", () => {
    expect(of({ director: "Ada", releaseDate: "1992" })).toEqual([1, (9 + 3 * mean) / 4]);
    expect(of({ director: "Ada", releaseDate: "1998" })).toEqual([2, (9 + 7 + 3 * mean) / 5]);
  });

  it("never sees the film itself, nor one of the same day", () => {
    expect(of({ director: "Ada", releaseDate: "1999-05-01" })).toEqual([2, (9 + 7 + 3 * mean) / 5]);
    expect(of({ director: "Ada", releaseDate: "1995" })).toEqual([1, (9 + 3 * mean) / 4]);
  });

  it("takes a month unknown as the start of its year", () => {
    expect(of({ director: "Ada", releaseDate: "1995-01-02" })).toEqual([2, (9 + 7 + 3 * mean) / 5]);
  });

  it("takes the whole history for a film to come, dated or not", () => {
    const all = [3, (9 + 7 + 5 + 3 * mean) / 6];
    expect(of({ director: "Ada", releaseDate: "2030-01-01" })).toEqual(all);
    expect(of({ director: "Ada" })).toEqual(all);
  });

  it("leaves out training films without a date", () => {
    const undated = [...train, rated(mean, { director: "Ada", releaseDate: null })];
    expect(named(undated, { title: "A", director: "Ada" }).directorFilmCount).toBe(3);
  });
});

describe("describing a film", () => {
  it("gives numbers where they are known and NaN elsewhere", () => {
    const known = named(films, { title: "A", releaseDate: "1999-07", productionBudget: 1e6, runningTimeMin: 90 });
    expect(known).toMatchObject({ logBudget: 6, year: 1999, month: 7, runningTimeMin: 90 });
    const unknown = named(films, { title: "A", productionBudget: null });
    expect(unknown).toMatchObject({
      logBudget: Number.NaN,
      year: Number.NaN,
      month: Number.NaN,
      runningTimeMin: Number.NaN,
    });
    expect(named(films, { title: "A", releaseDate: "1999" })).toMatchObject({ year: 1999, month: Number.NaN });
  });

  it("has one column a frequent value, one for others and one for missing", () => {
    expect(ofRating("PG-13")).toEqual(["mpaaRating=PG-13"]);
    expect(ofRating("U")).toEqual(["mpaaRating=(other)"]);
    expect(ofRating(null)).toEqual(["mpaaRating=(missing)"]);
  });

  it("gives no column to a value seen fewer than five times, and to 20 distributors at most", () => {
    const train = Array.from({ length: 60 }, (_, index) =>
      rated(5, { majorGenre: index < 4 ? "Rare" : "Common", distributor: `D${String(index % 30).padStart(2, "0")}` }),
    );
    const names = Object.keys(named(train, { title: "A" }));
    expect(names.filter((name) => name.startsWith("majorGenre="))).toEqual([
      "majorGenre=Common",
      "majorGenre=(other)",
      "majorGenre=(missing)",
    ]);
    const distributors = names.filter((name) => name.startsWith("distributor="));
    expect(distributors).toHaveLength(22);
    expect(distributors[19]).toBe("distributor=D19");
  });

  it("sets exactly one column of each fact, for any film", () => {
    const describer = filmDescriber(fitFeatures(films, "A"));
    const text = fc.option(fc.constantFrom("PG", "R", "Drama", "Remake", "Aurora", "else"));
    const facts = fc.record({
      mpaaRating: text,
      majorGenre: text,
      creativeType: text,
      source: text,
      distributor: text,
    });
    fc.assert(
      fc.property(facts, (some) => {
        const row = describer.describe({ title: "A", ...some });
        for (const fact of Object.keys(some)) {
          const set = describer.names.filter((name, column) => name.startsWith(`${fact}=`) && row[column] === 1);
          expect(set).toHaveLength(1);
        }
        expect(row).toHaveLength(describer.names.length);
      }),
    );
  });

  it("adds what is known only afterwards in set B alone", () => {
    const aftermath = { votes: 1000, usGross: 1e6, worldwideGross: null, usDvdSales: 1e5 };
    const [a, b] = (["A", "B"] as const).map((set) => filmDescriber(fitFeatures(films, set)));
    expect(b?.names.slice(a?.names.length)).toEqual(["logVotes", "logUsGross", "logWorldwideGross", "logDvdSales"]);
    expect([...(b?.describe({ title: "A" }, aftermath) ?? [])].slice(-4)).toEqual([3, 6, Number.NaN, 5]);
    expect([...(b?.describe({ title: "A" }) ?? [])].slice(-4)).toEqual(Array.from({ length: 4 }, () => Number.NaN));
    expect(a?.describe({ title: "A" }, aftermath)).toEqual(a?.describe({ title: "A" }));
  });

  it("is the same after the fitted features went through JSON", () => {
    const fitted = fitFeatures(films, "B");
    const again = fittedFeaturesSchema.parse(JSON.parse(JSON.stringify(fitted)));
    const [before, after] = [filmDescriber(fitted), filmDescriber(again)];
    expect(after.names).toEqual(before.names);
    for (const { aftermath, facts } of films) {
      expect(after.describe(facts, aftermath)).toEqual(before.describe(facts, aftermath));
    }
  });

  it("does not depend on the order of the training films", () => {
    expect(fitFeatures(films.toReversed(), "A").directors).toEqual(fitFeatures(films, "A").directors);
    expect(fitFeatures(films.toReversed(), "A").categories).toEqual(fitFeatures(films, "A").categories);
  });
});
