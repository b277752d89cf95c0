import type { ModelEvidence } from "../../evidence/evidence.ts";

function slice(
  name: string,
  count: number,
  figures: readonly [number, number, number],
): ModelEvidence["slices"][number] {
  const [rmse, mae, bias] = figures;
  return { by: "genre", name, count, rmse, mae, bias };
}

/** Features A on the hash split. */
export const MODEL: ModelEvidence = {
  kind: "model",
  algorithm: "histogram gradient boosting",
  digest: "4be1c0d29a7731c58f60b2d4e6a8097f1e3d5c7b9a0f2e4d6c8b0a1f3e5d7c9b",
  featureSet: "A",
  split: "hash",
  trainCount: 2_294,
  testCount: 579,
  metrics: { rmse: 1.009, mae: 0.768, r2: 0.291 },
  baselines: [
    { name: "constant", rmse: 1.199, mae: 0.936, r2: -0.001 },
    { name: "ridge", rmse: 1.041, mae: 0.801, r2: 0.246 },
  ],
  slices: [
    slice("Drama", 151, [0.872, 0.668, -0.061]),
    slice("Comedy", 134, [1.052, 0.811, 0.043]),
    slice("Action", 84, [0.981, 0.762, 0.028]),
    slice("Adventure", 53, [1.034, 0.79, -0.035]),
    slice("Thriller/Suspense", 47, [0.988, 0.776, 0.12]),
    slice("Horror", 45, [1.117, 0.861, 0.204]),
    slice("Romantic Comedy", 26, [0.904, 0.725, 0.066]),
    slice("Musical", 9, [1.462, 1.148, 0.392]),
    slice("Western", 7, [0.765, 0.62, -0.214]),
    slice("Black Comedy", 6, [0.931, 0.742, -0.17]),
    slice("Documentary", 5, [1.201, 0.99, -0.804]),
    slice("missing", 12, [1.388, 1.07, -0.287]),
  ],
  parameters: {
    learningRate: 0.06,
    rounds: 200,
    leaves: 12,
    leastRowsALeaf: 20,
    l2: 1,
    bins: 255,
    earlyStopping: false,
  },
  seed: 20_261_122,
};
