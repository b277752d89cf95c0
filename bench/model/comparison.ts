import { join } from "node:path";

import { matrixRow } from "../../movies/src/model/matrix.ts";
import { regressionMetrics } from "../../movies/src/model/metrics.ts";
import { fitRidge, predictRidge } from "../../movies/src/model/ridge.ts";
import type { Contender, Fit } from "./contender.ts";
import type { Problem } from "./problem.ts";
import { writeProblem } from "./problem.ts";

export interface Side {
  readonly rmse: number;
  /** Median over the rounds. */
  readonly fitMs: number;
  /** Largest of the rounds. */
  readonly peakBytes: number;
}

export interface Comparison {
  readonly name: string;
  readonly trainCount: number;
  readonly testCount: number;
  readonly columnCount: number;
  readonly constantRmse: number;
  readonly ridgeRmse: number;
  readonly ours: Side;
  readonly sklearn: Side;
  /** Largest difference between two predictions for one row. */
  readonly maxPredictionGap: number;
}

/** Exports a problem and fits it in turn by both, `rounds` times. */
export async function compare(
  problem: Problem,
  { folder, ours, rounds, sklearn }: { folder: string; ours: Contender; sklearn: Contender; rounds: number },
): Promise<Comparison> {
  const { test, train } = problem;
  const problemFolder = join(folder, problem.name.replace(/[^A-Za-z0-9]+/g, "-"));
  await writeProblem(problemFolder, problem);
  const [ourFits, sklearnFits]: [Fit[], Fit[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ourFits.push(await ours.fit(problemFolder));
    sklearnFits.push(await sklearn.fit(problemFolder));
  }
  const mean = train.targets.reduce((sum, target) => sum + target, 0) / train.targets.length;
  const ridge = fitRidge(train.matrix, train.targets);
  return {
    name: problem.name,
    trainCount: train.matrix.rowCount,
    testCount: test.matrix.rowCount,
    columnCount: train.matrix.columns.length,
    constantRmse: rmse(
      test.targets,
      Array.from(test.targets, () => mean),
    ),
    ridgeRmse: rmse(
      test.targets,
      Array.from(test.targets, (_, row) => predictRidge(ridge, matrixRow(test.matrix, row))),
    ),
    ours: summary(ourFits, test.targets),
    sklearn: summary(sklearnFits, test.targets),
    maxPredictionGap: maxGap(ourFits[0]?.predictions ?? [], sklearnFits[0]?.predictions ?? []),
  };
}

function summary(fits: readonly Fit[], targets: Float64Array): Side {
  const times = fits.map(({ fitMs }) => fitMs).toSorted((a, b) => a - b);
  return {
    rmse: rmse(targets, fits[0]?.predictions ?? []),
    fitMs: times[Math.floor(times.length / 2)] ?? Number.NaN,
    peakBytes: Math.max(...fits.map(({ peakBytes }) => peakBytes)),
  };
}

function rmse(targets: Float64Array, predictions: readonly number[]): number {
  return regressionMetrics(
    Array.from(targets, (actual, row) => ({ actual, predicted: predictions[row] ?? Number.NaN })),
  ).rmse;
}

function maxGap(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, row) => Math.abs(value - (b[row] ?? Number.NaN))));
}
