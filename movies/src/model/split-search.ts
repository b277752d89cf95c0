import type { BinnedMatrix } from "./binning.ts";
import type { Histogram } from "./histogram.ts";

/** Sums over the rows of a node, and the value that a leaf there would have, before shrinkage. */
export interface NodeStatistics {
  readonly count: number;
  readonly sum: number;
  readonly value: number;
}

/** Bin `bin` and those before it go left, the others right; missing values go where the flag says. */
export interface NodeSplit {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
  readonly isMissingLeft: boolean;
  readonly left: NodeStatistics;
  readonly right: NodeStatistics;
}

export interface SplitLimits {
  readonly minSamplesLeaf: number;
  readonly l2: number;
}

/** Keeps the denominator off zero; the figure is scikit-learn's. */
const TINY = 1e-15;

/**
 * The value of a leaf that lowers the squared error most, with ridge penalty `l2`: T. Chen, C. Guestrin, "XGBoost"
 * (2016, arXiv 1603.02754), equation 5, with a Hessian of one a row.
 */
export function nodeStatistics(sum: number, count: number, l2: number): NodeStatistics {
  return { count, sum, value: -sum / (count + l2 + TINY) };
}

/**
 * The best split of a node, or null when none gains. Each feature is scanned from the left with missing values going
 * right and, if training saw any, from the right with missing values going left; a tie keeps the first found.
 * Gain: the same paper, equation 7, without the half and with no price per leaf.
 */
export function findSplit(
  matrix: BinnedMatrix,
  histogram: Histogram,
  node: NodeStatistics,
  limits: SplitLimits,
): NodeSplit | null {
  let best: Candidate | null = null;
  for (let feature = 0; feature < matrix.columns.length; feature += 1) {
    const scan: FeatureScan = {
      ...limits,
      histogram,
      node,
      feature,
      offset: matrix.offsets[feature] as number,
      presentBinCount: (matrix.thresholds[feature] as Float64Array).length + 1,
      hasMissing: matrix.hasMissing[feature] as boolean,
    };
    best = scanFromLeft(scan, best);
    if (scan.hasMissing) best = scanFromRight(scan, best);
  }
  return best === null ? null : toSplit(best, { matrix, node, l2: limits.l2 });
}

interface FeatureScan extends SplitLimits {
  readonly histogram: Histogram;
  readonly node: NodeStatistics;
  readonly feature: number;
  readonly offset: number;
  readonly presentBinCount: number;
  readonly hasMissing: boolean;
}

interface Candidate {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
  readonly isMissingLeft: boolean;
  readonly leftSum: number;
  readonly leftCount: number;
}

function scanFromLeft(scan: FeatureScan, before: Candidate | null): Candidate | null {
  const { histogram, l2, minSamplesLeaf, node, offset } = scan;
  const { counts, sums } = histogram;
  const nodeLoss = node.value * node.sum;
  // With missing values the last bin may close the left side: then the split is present against missing.
  const end = scan.presentBinCount - (scan.hasMissing ? 0 : 1);
  let bestGain = before?.gain ?? 0;
  let bestBin = -1;
  let bestSum = 0;
  let bestCount = 0;
  let leftSum = 0;
  let leftCount = 0;
  for (let bin = 0; bin < end; bin += 1) {
    leftSum += sums[offset + bin] as number;
    leftCount += counts[offset + bin] as number;
    if (leftCount < minSamplesLeaf) continue;
    const rightCount = node.count - leftCount;
    if (rightCount < minSamplesLeaf) break;
    const rightSum = node.sum - leftSum;
    const gain = nodeLoss + lossDrop(leftSum, leftCount, l2) + lossDrop(rightSum, rightCount, l2);
    if (gain > bestGain) {
      bestGain = gain;
      bestBin = bin;
      bestSum = leftSum;
      bestCount = leftCount;
    }
  }
  if (bestBin < 0) return before;
  return {
    gain: bestGain,
    feature: scan.feature,
    bin: bestBin,
    isMissingLeft: false,
    leftSum: bestSum,
    leftCount: bestCount,
  };
}

function scanFromRight(scan: FeatureScan, before: Candidate | null): Candidate | null {
  const { histogram, l2, minSamplesLeaf, node, offset } = scan;
  const { counts, sums } = histogram;
  const nodeLoss = node.value * node.sum;
  let bestGain = before?.gain ?? 0;
  let bestBin = -1;
  let bestSum = 0;
  let bestCount = 0;
  let rightSum = 0;
  let rightCount = 0;
  for (let bin = scan.presentBinCount - 2; bin >= 0; bin -= 1) {
    rightSum += sums[offset + bin + 1] as number;
    rightCount += counts[offset + bin + 1] as number;
    if (rightCount < minSamplesLeaf) continue;
    const leftCount = node.count - rightCount;
    if (leftCount < minSamplesLeaf) break;
    const leftSum = node.sum - rightSum;
    const gain = nodeLoss + lossDrop(leftSum, leftCount, l2) + lossDrop(rightSum, rightCount, l2);
    if (gain > bestGain) {
      bestGain = gain;
      bestBin = bin;
      bestSum = leftSum;
      bestCount = leftCount;
    }
  }
  if (bestBin < 0) return before;
  return {
    gain: bestGain,
    feature: scan.feature,
    bin: bestBin,
    isMissingLeft: true,
    leftSum: bestSum,
    leftCount: bestCount,
  };
}

/** By how much a leaf of its best value lowers the loss of its rows, doubled. */
function lossDrop(sum: number, count: number, l2: number): number {
  return (sum * sum) / (count + l2 + TINY);
}

function toSplit(
  best: Candidate,
  { l2, matrix, node }: { matrix: BinnedMatrix; node: NodeStatistics; l2: number },
): NodeSplit {
  const rightCount = node.count - best.leftCount;
  return {
    gain: best.gain,
    feature: best.feature,
    bin: best.bin,
    // What training never saw missing goes, when it is missing later, where most of training went.
    isMissingLeft: matrix.hasMissing[best.feature] === true ? best.isMissingLeft : best.leftCount > rightCount,
    left: nodeStatistics(best.leftSum, best.leftCount, l2),
    right: nodeStatistics(node.sum - best.leftSum, rightCount, l2),
  };
}
