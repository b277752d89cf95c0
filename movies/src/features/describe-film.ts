import type { Aftermath, FilmFacts } from "../films/film.ts";
import { dateOrder, parsePartialDate } from "../films/partial-date.ts";
import type { CategoricalFact } from "./feature-set.ts";
import { AFTERMATH_FEATURES, NUMERIC_FEATURES } from "./feature-set.ts";
import type { DirectorHistory, FittedFeatures } from "./fitted-features.ts";

/** How many films of mean rating a director is taken to have made before the first. */
const PRIOR_WEIGHT = 3;

/** Turns films into the model's columns. The one way to do so: training, evaluation and serving all use it. */
export interface FilmDescriber {
  /** Column names, in order. */
  readonly names: readonly string[];
  /** The film's columns; NaN is missing. Without an aftermath, set B's columns are missing. */
  describe(facts: FilmFacts, aftermath?: Aftermath): Float64Array;
}

/** Prepares look-ups for `fitted`, so that describing a film takes microseconds. */
export function filmDescriber(fitted: FittedFeatures): FilmDescriber {
  const categories = fitted.categories.map(({ fact, values }) => categoryColumns(fact, values));
  const directors = new Map(fitted.directors.map((history) => [history.name, running(history)]));
  const hasAftermath = fitted.set === "B";
  const names = [
    ...NUMERIC_FEATURES,
    ...categories.flatMap((columns) => columns.names),
    ...(hasAftermath ? AFTERMATH_FEATURES : []),
  ];
  return {
    names,
    describe(facts, aftermath) {
      const row = new Float64Array(names.length);
      const date = present(facts.releaseDate) ? parsePartialDate(facts.releaseDate) : null;
      const director = directors.get(facts.director ?? "");
      const earlier = director === undefined ? NO_FILMS : earlierFilms(director, dateOrder(facts.releaseDate));
      row[0] = logOf(facts.productionBudget);
      row[1] = date?.year ?? Number.NaN;
      row[2] = date?.month ?? Number.NaN;
      row[3] = facts.runningTimeMin ?? Number.NaN;
      row[4] = (earlier.sum + PRIOR_WEIGHT * fitted.meanRating) / (earlier.count + PRIOR_WEIGHT);
      row[5] = earlier.count;
      let start = NUMERIC_FEATURES.length;
      for (const columns of categories) {
        row[start + columns.offsetOf(facts[columns.fact])] = 1;
        start += columns.names.length;
      }
      if (hasAftermath) {
        row[start] = logOf(aftermath?.votes);
        row[start + 1] = logOf(aftermath?.usGross);
        row[start + 2] = logOf(aftermath?.worldwideGross);
        row[start + 3] = logOf(aftermath?.usDvdSales);
      }
      return row;
    },
  };
}

interface CategoryColumns {
  readonly fact: CategoricalFact;
  readonly names: readonly string[];
  offsetOf(value: string | null | undefined): number;
}

/** One column a value, then one for any other value and one for a missing value. */
function categoryColumns(fact: CategoricalFact, values: readonly string[]): CategoryColumns {
  const offsets = new Map(values.map((value, index) => [value, index]));
  return {
    fact,
    names: [...values, "(other)", "(missing)"].map((value) => `${fact}=${value}`),
    offsetOf: (value) => (present(value) ? (offsets.get(value) ?? values.length) : values.length + 1),
  };
}

interface RunningHistory {
  readonly dates: readonly number[];
  /** Sum of the ratings of the first n films, at n. */
  readonly sums: readonly number[];
}

interface EarlierFilms {
  readonly count: number;
  readonly sum: number;
}

const NO_FILMS: EarlierFilms = { count: 0, sum: 0 };

function running({ dates, ratings }: DirectorHistory): RunningHistory {
  const sums = [0];
  for (const rating of ratings) sums.push((sums.at(-1) ?? 0) + rating);
  return { dates, sums };
}

/**
 * The director's training films strictly before a date: a film never sees itself, nor one of the same day. For an
 * undated film, and one newer than all of training, that is the whole history.
 */
function earlierFilms({ dates, sums }: RunningHistory, date: number): EarlierFilms {
  let count = dates.length;
  while (count > 0 && (dates[count - 1] ?? 0) >= date) count -= 1;
  return { count, sum: sums[count] ?? 0 };
}

/** Base 10; an absent or zero amount is missing. */
function logOf(amount: number | null | undefined): number {
  return present(amount) && amount > 0 ? Math.log10(amount) : Number.NaN;
}

function present<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
