import type { BinnedMatrix } from "./binning.ts";
import type { Histogram } from "./histogram.ts";
import { buildHistogram, emptyHistogram, subtractHistogram } from "./histogram.ts";
import type { NodeSplit, NodeStatistics, SplitLimits } from "./split-search.ts";
import { findSplit, nodeStatistics } from "./split-search.ts";
import type { Tree } from "./tree.ts";
import { ABOVE_ALL } from "./tree.ts";

export interface TreeParameters extends SplitLimits {
  readonly maxLeaves: number;
  readonly learningRate: number;
}

/** Grows trees on one matrix; keeps its arrays between trees. */
export interface TreeGrower {
  /**
   * Grows a tree best-first: of all leaves the one whose split gains most is split next. Adds each leaf's value to
   * the predictions of its rows.
   */
  grow(gradients: Float32Array, predictions: Float64Array): Tree;
}

interface GrowingNode {
  /** Its number in the tree. */
  readonly id: number;
  /** Its rows are `order[start]` up to `order[end − 1]`. */
  readonly start: number;
  readonly end: number;
  readonly statistics: NodeStatistics;
}

interface OpenNode extends GrowingNode {
  readonly histogram: Histogram;
  readonly split: NodeSplit;
}

export function treeGrower(matrix: BinnedMatrix, parameters: TreeParameters): TreeGrower {
  const order = new Int32Array(matrix.rowCount);
  const scratchRows = new Int32Array(matrix.rowCount);
  const scratchGradients = new Float32Array(matrix.rowCount);
  const goesLeft = new Uint8Array(256);
  const pool: Histogram[] = [];

  return {
    grow(gradients, predictions) {
      const tree = emptyTree();
      const leaves: GrowingNode[] = [];
      const open: OpenNode[] = [];
      const consider = (node: GrowingNode, histogram: Histogram) => {
        const split = canSplit(node) ? findSplit(matrix, histogram, node.statistics, parameters) : null;
        if (split !== null) {
          open.push({ ...node, histogram, split });
          return;
        }
        leaves.push(node);
        pool.push(histogram);
      };
      order.forEach((_, row) => (order[row] = row));
      const rootHistogram = takeHistogram();
      buildHistogram(matrix, { rows: order, gradients }, rootHistogram);
      consider(addRoot(tree, rootHistogram), rootHistogram);
      while (open.length > 0) {
        const parent = takeBest(open);
        const [left, right] = addChildren(tree, parent);
        if (leaves.length + open.length + 2 === parameters.maxLeaves) {
          leaves.push(left, right, ...open);
          pool.push(parent.histogram, ...open.map((node) => node.histogram));
          break;
        }
        if (!canSplit(left) && !canSplit(right)) {
          leaves.push(left, right);
          pool.push(parent.histogram);
          continue;
        }
        const small = left.end - left.start < right.end - right.start ? left : right;
        const smallHistogram = takeHistogram();
        buildHistogram(matrix, gather(small, gradients), smallHistogram);
        subtractHistogram(parent.histogram, smallHistogram);
        const histogramOf = (node: GrowingNode) => (node === small ? smallHistogram : parent.histogram);
        consider(left, histogramOf(left));
        consider(right, histogramOf(right));
      }
      for (const leaf of leaves) finishLeaf(tree, leaf, predictions);
      return tree;
    },
  };

  function canSplit(node: GrowingNode): boolean {
    return node.end - node.start >= 2 * parameters.minSamplesLeaf;
  }

  function takeHistogram(): Histogram {
    return pool.pop() ?? emptyHistogram(matrix);
  }

  /** The gradients' sum is that of any feature's bins; the first will do. */
  function addRoot(tree: Tree, histogram: Histogram): GrowingNode {
    const sum = histogram.sumsOf[0]?.reduce((a, b) => a + b, 0) ?? 0;
    const statistics = nodeStatistics(sum, matrix.rowCount, parameters.l2);
    return { id: addNode(tree, matrix.rowCount), start: 0, end: matrix.rowCount, statistics };
  }

  /** Turns an open node into a branch, and its rows' order so that those of the left child come first. */
  function addChildren(tree: Tree, { end, id, split, start }: OpenNode): [GrowingNode, GrowingNode] {
    const centre = partition({ start, end, split });
    const thresholds = matrix.thresholds[split.feature] as Float64Array;
    const left = { id: addNode(tree, centre - start), start, end: centre, statistics: split.left };
    const right = { id: addNode(tree, end - centre), start: centre, end, statistics: split.right };
    tree.feature[id] = split.feature;
    tree.threshold[id] = thresholds[split.bin] ?? ABOVE_ALL;
    tree.missingLeft[id] = split.isMissingLeft ? 1 : 0;
    tree.left[id] = left.id;
    tree.right[id] = right.id;
    return [left, right];
  }

  /** Keeps the order within each side, so that passes over the rows stay in the order of memory. */
  function partition({ end, split, start }: { start: number; end: number; split: NodeSplit }): number {
    const column = matrix.columns[split.feature] as Uint8Array;
    const missingBin = (matrix.thresholds[split.feature] as Float64Array).length + 1;
    goesLeft.fill(0).fill(1, 0, split.bin + 1);
    if (split.isMissingLeft) goesLeft[missingBin] = 1;
    let leftEnd = start;
    let rightCount = 0;
    // Each row is written to both sides and only one side moves on: a branch here would be guessed wrong half the time.
    for (let index = start; index < end; index += 1) {
      const row = order[index] as number;
      const isLeft = goesLeft[column[row] as number] as number;
      order[leftEnd] = row;
      scratchRows[rightCount] = row;
      leftEnd += isLeft;
      rightCount += 1 - isLeft;
    }
    order.set(scratchRows.subarray(0, rightCount), leftEnd);
    return leftEnd;
  }

  function gather(node: GrowingNode, gradients: Float32Array) {
    const rows = order.subarray(node.start, node.end);
    const gathered = scratchGradients.subarray(0, rows.length);
    for (let index = 0; index < rows.length; index += 1) gathered[index] = gradients[rows[index] as number] as number;
    return { rows, gradients: gathered };
  }

  function finishLeaf(tree: Tree, leaf: GrowingNode, predictions: Float64Array): void {
    const value = leaf.statistics.value * parameters.learningRate;
    tree.value[leaf.id] = value;
    for (let index = leaf.start; index < leaf.end; index += 1) {
      const row = order[index] as number;
      predictions[row] = (predictions[row] as number) + value;
    }
  }
}

function emptyTree(): Tree {
  return { feature: [], threshold: [], missingLeft: [], left: [], right: [], value: [], count: [] };
}

/** Appends a leaf and returns its number. */
function addNode(tree: Tree, count: number): number {
  tree.feature.push(-1);
  tree.threshold.push(0);
  tree.missingLeft.push(0);
  tree.left.push(0);
  tree.right.push(0);
  tree.value.push(0);
  tree.count.push(count);
  return tree.feature.length - 1;
}

/** Takes out the node whose split gains most; of equal ones, the oldest. */
function takeBest(open: OpenNode[]): OpenNode {
  let best = 0;
  open.forEach((node, index) => {
    if (node.split.gain > (open[best] as OpenNode).split.gain) best = index;
  });
  const [taken] = open.splice(best, 1);
  return taken as OpenNode;
}
