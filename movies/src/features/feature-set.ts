import type { FilmFacts } from "../films/film.ts";

/** A: what is known before release. B: also votes, grosses and DVD sales, known only afterwards; for study, not for use. */
export type FeatureSet = "A" | "B";

/** The columns that are numbers; B's come last. */
export const NUMERIC_FEATURES = [
  "logBudget",
  "year",
  "month",
  "runningTimeMin",
  "directorPrior",
  "directorFilmCount",
] as const;
export const AFTERMATH_FEATURES = ["logVotes", "logUsGross", "logWorldwideGross", "logDvdSales"] as const;

export type CategoricalFact = "mpaaRating" | "majorGenre" | "creativeType" | "source" | "distributor";

/** Which values of a fact get a column of their own: those frequent enough, or the most frequent. */
interface CategoryRule {
  readonly fact: CategoricalFact & keyof FilmFacts;
  readonly minCount: number;
  readonly maxValueCount: number;
}

export const CATEGORY_RULES: readonly CategoryRule[] = [
  { fact: "mpaaRating", minCount: 5, maxValueCount: 100 },
  { fact: "majorGenre", minCount: 5, maxValueCount: 100 },
  { fact: "creativeType", minCount: 5, maxValueCount: 100 },
  { fact: "source", minCount: 5, maxValueCount: 100 },
  { fact: "distributor", minCount: 1, maxValueCount: 20 },
];
