import { binMatrix } from "./binning.ts";
import { treeGrower } from "./grow-tree.ts";
import type { Matrix } from "./matrix.ts";
import type { Tree } from "./tree.ts";

export interface BoostingParameters {
  /** Share of each tree's correction that is taken. */
  readonly learningRate: number;
  /** Trees. */
  readonly rounds: number;
  /** Of one tree, at most; two or more. */
  readonly maxLeaves: number;
  /** Rows that each leaf holds at least. */
  readonly minSamplesLeaf: number;
  /** Ridge penalty on leaf values. */
  readonly l2: number;
}

export const DEFAULT_PARAMETERS: BoostingParameters = {
  learningRate: 0.06,
  rounds: 200,
  maxLeaves: 12,
  minSamplesLeaf: 20,
  l2: 1,
};

/** A sum of trees on top of a constant. Plain JSON. */
export interface BoostedTrees {
  /** Mean of the targets. */
  readonly baseline: number;
  readonly trees: readonly Tree[];
}

/**
 * Fits gradient-boosted regression trees on histograms for the squared error: the parts of scikit-learn's
 * HistGradientBoostingRegressor that this service needs (no categories, constraints, weights or early stopping).
 * Deterministic: `seed` only draws the rows for the quantiles, when there are more than 200,000.
 */
export function fitBoosting(
  matrix: Matrix,
  targets: Float64Array,
  parameters: BoostingParameters,
  seed: number,
): BoostedTrees {
  const baseline = targets.reduce((sum, target) => sum + target, 0) / targets.length;
  const grower = treeGrower(binMatrix(matrix, seed), parameters);
  const predictions = new Float64Array(targets.length).fill(baseline);
  // Gradients in single precision halve what each pass reads; their sums are kept in double precision.
  const gradients = new Float32Array(targets.length);
  const trees: Tree[] = [];
  for (let round = 0; round < parameters.rounds; round += 1) {
    for (let row = 0; row < gradients.length; row += 1) {
      gradients[row] = (predictions[row] as number) - (targets[row] as number);
    }
    trees.push(grower.grow(gradients, predictions));
  }
  return { baseline, trees };
}
