import type { LabelledFilm } from "../films/film.ts";
import { dateOrder } from "../films/partial-date.ts";
import type { FeatureSet } from "./feature-set.ts";
import { CATEGORY_RULES } from "./feature-set.ts";
import type { DirectorHistory, FittedFeatures } from "./fitted-features.ts";

/** Fits the features on training films only; at least one. */
export function fitFeatures(train: readonly LabelledFilm[], set: FeatureSet): FittedFeatures {
  return {
    set,
    meanRating: train.reduce((sum, film) => sum + film.rating, 0) / train.length,
    categories: CATEGORY_RULES.map(({ fact, maxValueCount, minCount }) => ({
      fact,
      values: frequentValues(
        train.map((film) => film.facts[fact]),
        { minCount, maxValueCount },
      ),
    })),
    directors: directorHistories(train),
  };
}

/** The most frequent values in alphabetical order; of equally frequent ones at the cut, the alphabetically first. */
function frequentValues(
  values: readonly (string | null | undefined)[],
  { maxValueCount, minCount }: { minCount: number; maxValueCount: number },
): string[] {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (value !== null && value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count >= minCount)
    .toSorted(([nameA, countA], [nameB, countB]) => countB - countA || compareText(nameA, nameB))
    .slice(0, maxValueCount)
    .map(([value]) => value)
    .toSorted(compareText);
}

function directorHistories(train: readonly LabelledFilm[]): DirectorHistory[] {
  const films = new Map<string, { date: number; rating: number }[]>();
  for (const { facts, rating } of train) {
    const date = dateOrder(facts.releaseDate);
    // Infinity is no JSON; nor is an undated film earlier than any other.
    if (facts.director === null || facts.director === undefined || !Number.isFinite(date)) continue;
    const history = films.get(facts.director) ?? [];
    films.set(facts.director, [...history, { date, rating }]);
  }
  return [...films]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([name, history]) => {
      const byDate = history.toSorted((a, b) => a.date - b.date || a.rating - b.rating);
      return { name, dates: byDate.map((film) => film.date), ratings: byDate.map((film) => film.rating) };
    });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
