/** A symmetric matrix by rows. */
export type Matrix = readonly (readonly number[])[];

/** Fewer rows in which both have a value say nothing of two columns. */
const LEAST_PAIRS = 30;

/** Pearson's correlation over the rows where both are numbers (NaN is none); 0 when these are too few or one is constant. */
export function correlation(left: Float64Array, right: Float64Array, leastPairs: number = LEAST_PAIRS): number {
  let [count, sumLeft, sumRight, squaresLeft, squaresRight, products] = [0, 0, 0, 0, 0, 0];
  for (let row = 0; row < left.length; row += 1) {
    const [x, y] = [left[row] as number, right[row] as number];
    if (x !== x || y !== y) continue;
    count += 1;
    sumLeft += x;
    sumRight += y;
    squaresLeft += x * x;
    squaresRight += y * y;
    products += x * y;
  }
  if (count < leastPairs) return 0;
  const varianceLeft = squaresLeft - (sumLeft * sumLeft) / count;
  const varianceRight = squaresRight - (sumRight * sumRight) / count;
  if (varianceLeft <= 1e-12 * squaresLeft || varianceRight <= 1e-12 * squaresRight) return 0;
  return (products - (sumLeft * sumRight) / count) / Math.sqrt(varianceLeft * varianceRight);
}

/** All pairs of `columns`. */
export function correlationMatrix(columns: readonly Float64Array[]): Matrix {
  const matrix = columns.map(() => columns.map(() => 1));
  for (const [i, left] of columns.entries()) {
    for (let j = 0; j < i; j += 1) {
      const value = correlation(left, columns[j] as Float64Array);
      (matrix[i] as number[])[j] = value;
      (matrix[j] as number[])[i] = value;
    }
  }
  return matrix;
}

/** Spearman's rank correlation over the rows where both are numbers; NaN when fewer than `leastPairs` are. */
export function rankCorrelation(left: Float64Array, right: Float64Array, leastPairs: number): number {
  const rows = [...left.keys()].filter((row) => !Number.isNaN(left[row]) && !Number.isNaN(right[row]));
  if (rows.length < leastPairs) return Number.NaN;
  const take = (column: Float64Array): Float64Array => ranks(Float64Array.from(rows, (row) => column[row] as number));
  return correlation(take(left), take(right), leastPairs);
}

/** Ranks from 1, ties sharing their mean; NaN stays NaN. */
export function ranks(values: Float64Array): Float64Array {
  const order = [...values.keys()].filter((row) => !Number.isNaN(values[row]));
  order.sort((a, b) => (values[a] as number) - (values[b] as number));
  const found = new Float64Array(values.length).fill(Number.NaN);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end += 1;
    for (let at = start; at < end; at += 1) found[order[at] as number] = (start + end + 1) / 2;
    start = end;
  }
  return found;
}

/** Least eigenvalue of a matrix that counts as one of correlations: below it, a column would follow from the others exactly. */
const LEAST_EIGENVALUE = 1e-4;

/**
 * The correlations of one distribution that are near to `matrix`, whose own were estimated pair by pair and may contradict each
 * other: negative eigenvalues are cut off and the diagonal is made 1 again (R. Rebonato and P. Jäckel, "The most general
 * methodology to create a valid correlation matrix for risk management and option pricing purposes", 1999).
 */
export function nearestCorrelations(matrix: Matrix): Matrix {
  const { values, vectors } = eigenOf(matrix);
  if (values.every((value) => value >= LEAST_EIGENVALUE)) return matrix;
  const rows = vectors.map((row) =>
    row.map((each, k) => each * Math.sqrt(Math.max(LEAST_EIGENVALUE, values[k] as number))),
  );
  const lengths = rows.map((row) => Math.hypot(...row));
  return rows.map((left, i) =>
    rows.map((right, j) => {
      let sum = 0;
      for (const [k, each] of left.entries()) sum += each * (right[k] as number);
      return i === j ? 1 : sum / ((lengths[i] as number) * (lengths[j] as number));
    }),
  );
}

const MAX_SWEEPS = 50;

/** Eigenvalues and, in columns, eigenvectors of a symmetric matrix, by Jacobi's rotations. */
function eigenOf(matrix: Matrix): { readonly values: readonly number[]; readonly vectors: Matrix } {
  const size = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const v = matrix.map((_, i) => Float64Array.from({ length: size }, (__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep += 1) {
    let off = 0;
    for (let p = 0; p < size; p += 1) for (let q = 0; q < p; q += 1) off += element(a, p, q) ** 2;
    if (off < 1e-18) break;
    for (let p = 0; p < size; p += 1) for (let q = p + 1; q < size; q += 1) rotate(a, v, p, q);
  }
  return { values: a.map((row, i) => row[i] as number), vectors: v.map((row) => [...row]) };
}

/** Makes the element (p, q) of `a` zero, and turns the vectors likewise. */
function rotate(a: readonly Float64Array[], v: readonly Float64Array[], p: number, q: number): void {
  const off = element(a, p, q);
  if (off === 0) return;
  const theta = (element(a, q, q) - element(a, p, p)) / (2 * off);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < a.length; k += 1) turn(a[k] as Float64Array, p, q, c, s);
  const [rowP, rowQ] = [a[p] as Float64Array, a[q] as Float64Array];
  for (let k = 0; k < a.length; k += 1) {
    const [x, y] = [rowP[k] as number, rowQ[k] as number];
    rowP[k] = c * x - s * y;
    rowQ[k] = s * x + c * y;
  }
  for (const row of v) turn(row, p, q, c, s);
}

function turn(row: Float64Array, p: number, q: number, c: number, s: number): void {
  const [x, y] = [row[p] as number, row[q] as number];
  row[p] = c * x - s * y;
  row[q] = s * x + c * y;
}

function element(a: readonly Float64Array[], i: number, j: number): number {
  return (a[i] as Float64Array)[j] as number;
}

/** The lower triangular L with L·Lᵀ = `matrix`, which is one of correlations. Throws when it is not positive definite. */
export function choleskyOf(matrix: Matrix): Matrix {
  const lower = matrix.map((row) => row.map(() => 0));
  for (const [i, row] of matrix.entries()) {
    const own = lower[i] as number[];
    for (let j = 0; j <= i; j += 1) {
      const other = lower[j] as number[];
      let sum = row[j] as number;
      for (let k = 0; k < j; k += 1) sum -= (own[k] as number) * (other[k] as number);
      if (i !== j) own[j] = sum / (other[j] as number);
      else if (sum <= 0) throw new Error("not positive definite");
      else own[i] = Math.sqrt(sum);
    }
  }
  return lower;
}
