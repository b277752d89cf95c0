import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { BoostedTrees, BoostingParameters } from "./boosting.ts";
import { fitBoosting } from "./boosting.ts";
import type { Matrix } from "./matrix.ts";
import { matrixRow } from "./matrix.ts";
import { seededRandom } from "./random.ts";
import type { Table } from "./testing/arbitrary-table.ts";
import { arbitraryTable } from "./testing/arbitrary-table.ts";
import type { Tree } from "./tree.ts";
import { ensemblePredictor, treeSchema } from "./tree.ts";

const SMALL: BoostingParameters = { learningRate: 0.3, rounds: 5, maxLeaves: 5, minSamplesLeaf: 6, l2: 1 };

function predictions({ baseline, trees }: BoostedTrees, matrix: Matrix): number[] {
  const predict = ensemblePredictor(baseline, trees);
  return Array.from({ length: matrix.rowCount }, (_, row) => predict(matrixRow(matrix, row)));
}

function squaredError(model: BoostedTrees, { matrix, targets }: Table): number {
  return predictions(model, matrix).reduce((sum, value, row) => sum + (value - (targets[row] ?? 0)) ** 2, 0);
}

const isLeaf = (tree: Tree, node: number) => tree.feature[node] === -1;
const leafCounts = (tree: Tree) => tree.count.filter((_, node) => isLeaf(tree, node));

function cubed(value: number): number {
  return value ** 3 + 2 * value;
}

/** Checks a claim on models of many tables. */
function holds(claim: (table: Table, model: BoostedTrees) => void, numRuns = 40): void {
  fc.assert(
    fc.property(arbitraryTable(), (table) => claim(table, fitBoosting(table.matrix, table.targets, SMALL, 0))),
    { numRuns },
  );
}

describe("boosted trees", () => {
  it("keep to the bounds of leaves and of rows a leaf, and put every row into one leaf", () => {
    holds(({ targets }, { trees }) => {
      expect(trees).toHaveLength(SMALL.rounds);
      for (const tree of trees) {
        const counts = leafCounts(tree);
        expect(counts.length).toBeLessThanOrEqual(SMALL.maxLeaves);
        expect(Math.min(...counts)).toBeGreaterThanOrEqual(SMALL.minSamplesLeaf);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(targets.length);
        expect(treeSchema.safeParse(tree).success).toBe(true);
      }
    });
  });

  it("predict from raw values what training saw in bins: each leaf is reached by as many rows as it counted", () => {
    holds(({ matrix }, { trees }) => {
      for (const tree of trees) {
        const reached = new Map<number, number>();
        for (let row = 0; row < matrix.rowCount; row += 1) {
          let node = 0;
          while (!isLeaf(tree, node)) {
            const value = matrix.columns[tree.feature[node] ?? 0]?.[row] ?? Number.NaN;
            const isLeft = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] ?? 0);
            node = (isLeft ? tree.left : tree.right)[node] ?? 0;
          }
          reached.set(node, (reached.get(node) ?? 0) + 1);
        }
        expect([...reached].toSorted(([a], [b]) => a - b)).toEqual(
          tree.count.map((count, node) => [node, count]).filter(([node]) => isLeaf(tree, node ?? 0)),
        );
      }
    });
  });

  it("predict finite numbers for any row, missing values and far-off ones included", () => {
    const row = fc.array(fc.oneof(fc.double(), fc.constant(Number.NaN)), { minLength: 3, maxLength: 3 });
    holds((_, { baseline, trees }) => {
      const predict = ensemblePredictor(baseline, trees);
      fc.assert(
        fc.property(row, (values) => {
          expect(predict(Float64Array.from(values))).toSatisfy(Number.isFinite);
        }),
        { numRuns: 10 },
      );
    });
  });

  it("never fit the training rows worse with another round or another leaf", () => {
    fc.assert(
      fc.property(arbitraryTable(), (table) => {
        const error = (changed: Partial<BoostingParameters>) =>
          squaredError(fitBoosting(table.matrix, table.targets, { ...SMALL, ...changed }, 0), table);
        const byRounds = [0, 1, 2, 3].map((rounds) => error({ rounds }));
        const byLeaves = [2, 3, 4, 5].map((maxLeaves) => error({ rounds: 1, maxLeaves }));
        for (const errors of [byRounds, byLeaves]) {
          errors.slice(1).forEach((later, index) => expect(later).toBeLessThanOrEqual((errors[index] ?? 0) + 1e-6));
        }
      }),
      { numRuns: 25 },
    );
  });

  it("do not change on the training rows when a feature is transformed monotonically", () => {
    holds(({ matrix, targets }, model) => {
      const columns = matrix.columns.map((column) => column.map(cubed));
      const transformed = { ...matrix, columns };
      const again = fitBoosting(transformed, targets, SMALL, 0);
      expect(predictions(again, transformed)).toEqual(predictions(model, matrix));
    });
  });

  it("are the same for the same data, and after JSON", () => {
    holds(({ matrix, targets }, model) => {
      const text = JSON.stringify(model);
      expect(JSON.stringify(fitBoosting(matrix, targets, SMALL, 0))).toBe(text);
      expect(predictions(JSON.parse(text) as BoostedTrees, matrix)).toEqual(predictions(model, matrix));
    });
  });

  it("answer the mean where nothing can be learnt", () => {
    const matrix = { rowCount: 50, columns: [new Float64Array(50).fill(Number.NaN), new Float64Array(50)] };
    const targets = Float64Array.from({ length: 50 }, (_, row) => row);
    const model = fitBoosting(matrix, targets, SMALL, 0);
    expect(new Set(predictions(model, matrix))).toEqual(new Set([24.5]));
    const few = { rowCount: 3, columns: [Float64Array.of(1, 2, 3)] };
    expect(predictions(fitBoosting(few, Float64Array.of(1, 2, 3), SMALL, 0), few)).toEqual([2, 2, 2]);
  });

  it("split the leaf that gains most, not the next in depth", () => {
    // Three steps of a staircase on the left, a lone step on the right: with three leaves only the tall step counts.
    const column = Float64Array.from({ length: 80 }, (_, row) => Math.floor(row / 20));
    const heights = [0, 100, 5, 6];
    const targets = column.map((step) => heights[step] ?? 0);
    const parameters = { ...SMALL, learningRate: 1, rounds: 1, maxLeaves: 3, l2: 0 };
    const fitted = predictions(fitBoosting({ rowCount: 80, columns: [column] }, targets, parameters, 0), {
      rowCount: 80,
      columns: [column],
    });
    expect([0, 20, 40, 60].map((row) => Math.round((fitted[row] ?? 0) * 10) / 10)).toEqual([0, 100, 5.5, 5.5]);
  });

  it("learn what a line cannot: an interaction, with values missing at random", () => {
    const random = seededRandom(7);
    const columns = [0, 1].map(() =>
      Float64Array.from({ length: 2000 }, () => (random() < 0.05 ? Number.NaN : random() * 2 - 1)),
    );
    const at = (column: number, row: number) => columns[column]?.[row] ?? Number.NaN;
    const targets = Float64Array.from({ length: 2000 }, (_, row) => Math.sign(at(0, row) * at(1, row)) || 0);
    const table = { matrix: { rowCount: 2000, columns }, targets };
    const model = fitBoosting(table.matrix, targets, { ...SMALL, rounds: 30 }, 0);
    expect(squaredError(model, table) / 2000).toBeLessThan(0.05);
  });
});

describe("the schema of a tree", () => {
  const leaf = { feature: [-1], threshold: [0], missingLeft: [0], left: [0], right: [0], value: [1], count: [1] };
  const branch = {
    feature: [0, -1, -1],
    threshold: [1, 0, 0],
    missingLeft: [0, 0, 0],
    left: [1, 0, 0],
    right: [2, 0, 0],
    value: [0, 1, 2],
    count: [2, 1, 1],
  };

  it.each([
    ["a child that is its own parent", { ...branch, left: [0, 0, 0] }],
    ["a child that is not there", { ...branch, right: [3, 0, 0] }],
    ["columns of unequal length", { ...branch, value: [1] }],
    ["a feature that is no number of a column", { ...branch, feature: [0.5, -1, -1] }],
    ["no node", { ...leaf, feature: [] }],
  ])("refuses %s", (_, tree) => {
    expect(treeSchema.safeParse(leaf).success).toBe(true);
    expect(treeSchema.safeParse(branch).success).toBe(true);
    expect(treeSchema.safeParse(tree).success).toBe(false);
  });
});
