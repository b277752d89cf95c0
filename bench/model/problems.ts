import { filmDescriber } from "../../movies/src/features/describe-film.ts";
import type { FeatureSet } from "../../movies/src/features/feature-set.ts";
import { fitFeatures } from "../../movies/src/features/fit-features.ts";
import type { LabelledFilm } from "../../movies/src/films/film.ts";
import type { Split } from "../../movies/src/films/split.ts";
import { splitFilms } from "../../movies/src/films/split.ts";
import { DEFAULT_PARAMETERS } from "../../movies/src/model/boosting.ts";
import { seededRandom } from "../../movies/src/model/random.ts";
import { describeFilms } from "../../movies/src/model/train-model.ts";
import type { Problem, Table } from "./problem.ts";

/** The films as the service learns them: features fitted on the training side only. */
export function filmProblem(films: readonly LabelledFilm[], featureSet: FeatureSet, split: Split): Problem {
  const { test, train } = splitFilms(films, split);
  const describer = filmDescriber(fitFeatures(train, featureSet));
  return {
    name: `films ${featureSet}, ${split} split`,
    train: describeFilms(train, describer),
    test: describeFilms(test, describer),
    parameters: DEFAULT_PARAMETERS,
    seed: 0,
  };
}

/** Large enough for time to be measured: 200,000 rows of 20 uniform features, 100 rounds of 31 leaves. */
export function syntheticProblem(): Problem {
  const random = seededRandom(1);
  return {
    name: "synthetic 200,000 × 20",
    train: syntheticTable(200_000, random),
    test: syntheticTable(20_000, random),
    parameters: { learningRate: 0.1, rounds: 100, maxLeaves: 31, minSamplesLeaf: 20, l2: 1 },
    seed: 0,
  };
}

function syntheticTable(rowCount: number, random: () => number): Table {
  const columns = Array.from({ length: 20 }, () => new Float64Array(rowCount).map(random));
  const at = (column: number, row: number) => columns[column]?.[row] ?? Number.NaN;
  const targets = new Float64Array(rowCount).map(
    (_, row) => Math.sin(6 * at(0, row)) + 3 * at(1, row) * at(2, row) + at(3, row) + 0.5 * random(),
  );
  return { matrix: { rowCount, columns }, targets };
}
