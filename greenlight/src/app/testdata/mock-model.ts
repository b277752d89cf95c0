import { createHash } from "node:crypto";

import { seededRandom } from "../../statistics/random.ts";

const MEAN_RATING = 6.3;
/** How far one tree may move a rating. */
const LARGEST_LEAF = 0.5;
const TREE_COUNT = 3;
/** Columns of the model: log10 of the budget, year and running time, with a value that parts films into halves or so. */
const SPLITS = [
  { column: 0, threshold: 7.4 },
  { column: 1, threshold: 1999 },
  { column: 3, threshold: 110 },
] as const;

/**
 * A model file of the reference service (docs/model.md) that was never trained: three trees of two leaves. It loads in a moment,
 * answers like any other, and one seed gives one file. For tests of what surrounds a model.
 */
export function mockModel(seed: number): string {
  const random = seededRandom(seed);
  const leaf = (): number => Number(((random.next() / 2 ** 31 - 1) * LARGEST_LEAF).toFixed(6));
  const content = {
    algorithm: "histogram-gradient-boosting",
    featureSet: "A",
    split: "hash",
    trainCount: 1,
    dataDigest: createHash("sha256").update(`mock ${seed}`).digest("hex"),
    parameters: { learningRate: 1, rounds: TREE_COUNT, maxLeaves: 2, minSamplesLeaf: 1, l2: 0 },
    seed,
    features: {
      set: "A",
      meanRating: MEAN_RATING,
      categories: ["mpaaRating", "majorGenre", "creativeType", "source", "distributor"].map((fact) => ({
        fact,
        values: [],
      })),
      directors: [],
    },
    baseline: MEAN_RATING,
    trees: SPLITS.map(({ column, threshold }) => stump({ column, threshold, leaves: [leaf(), leaf()] })),
  };
  return `${JSON.stringify({ schema: 1, version: versionOf(content), ...content })}\n`;
}

interface Stump {
  readonly column: number;
  readonly threshold: number;
  readonly leaves: readonly [number, number];
}

/** A tree of a root and two leaves; a missing value goes to the left. */
function stump({ column, threshold, leaves: [left, right] }: Stump): Readonly<Record<string, readonly number[]>> {
  return {
    feature: [column, -1, -1],
    threshold: [threshold, 0, 0],
    missingLeft: [1, 0, 0],
    left: [1, 0, 0],
    right: [2, 0, 0],
    value: [0, left, right],
    count: [1, 1, 0],
  };
}

/** As the service computes it: from all fields but schema and version, by their names. */
function versionOf(content: object): string {
  const fields = Object.entries(content).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex").slice(0, 12);
}
