import { z } from "zod";

const numbers = z.array(z.number()).min(1).max(2000);

/**
 * A regression tree, node by node; node 0 is the root, children stand after their parent. A leaf has feature −1 and
 * its value; a branch sends a row left when the feature's value ≤ threshold, or it is missing and `missingLeft` is 1.
 */
export const treeSchema = z
  .strictObject({
    feature: numbers,
    threshold: numbers,
    missingLeft: numbers,
    left: numbers,
    right: numbers,
    value: numbers,
    /** Training rows that reached the node. */
    count: numbers,
  })
  .refine(isWellFormed, "must have nodes whose children come after them");

export type Tree = z.infer<typeof treeSchema>;

/** The threshold that only missing values fail: JSON knows no infinity. */
export const ABOVE_ALL = Number.MAX_VALUE;

/** Answers rows fast: all trees in flat arrays. Sums in the order of the trees, as training did. */
export function ensemblePredictor(baseline: number, trees: readonly Tree[]): (row: Float64Array) => number {
  const nodeCount = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const [features, lefts, rights] = [0, 1, 2].map(() => new Int32Array(nodeCount)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const [thresholds, values] = [new Float64Array(nodeCount), new Float64Array(nodeCount)];
  const missingLefts = new Uint8Array(nodeCount);
  const roots: number[] = [];
  let start = 0;
  for (const tree of trees) {
    roots.push(start);
    features.set(tree.feature, start);
    thresholds.set(tree.threshold, start);
    missingLefts.set(tree.missingLeft, start);
    lefts.set(
      tree.left.map((child) => child + start),
      start,
    );
    rights.set(
      tree.right.map((child) => child + start),
      start,
    );
    values.set(tree.value, start);
    start += tree.feature.length;
  }
  return (row) => {
    let sum = baseline;
    for (const root of roots) {
      let node = root;
      let feature = features[node] as number;
      while (feature >= 0) {
        const value = row[feature] as number;
        const isLeft = Number.isNaN(value) ? missingLefts[node] === 1 : value <= (thresholds[node] as number);
        node = (isLeft ? lefts[node] : rights[node]) as number;
        feature = features[node] as number;
      }
      sum += values[node] as number;
    }
    return sum;
  };
}

function isWellFormed(tree: {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly missingLeft: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly value: readonly number[];
  readonly count: readonly number[];
}): boolean {
  const nodeCount = tree.feature.length;
  const isChild = (child: number | undefined, parent: number) =>
    child !== undefined && Number.isInteger(child) && child > parent && child < nodeCount;
  return (
    Object.values(tree).every((column) => column.length === nodeCount) &&
    tree.feature.every(
      (feature, node) =>
        Number.isInteger(feature) &&
        (feature === -1 || (feature >= 0 && isChild(tree.left[node], node) && isChild(tree.right[node], node))),
    )
  );
}
