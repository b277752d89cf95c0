/** Numbers in columns, one array a column; NaN is missing. All columns have `rowCount` entries. */
export interface Matrix {
  readonly rowCount: number;
  readonly columns: readonly Float64Array[];
}

/** Stands rows up as columns. Every row has `columnCount` entries. */
export function toMatrix(rows: readonly Float64Array[], columnCount: number): Matrix {
  const columns = Array.from({ length: columnCount }, () => new Float64Array(rows.length));
  rows.forEach((row, index) => columns.forEach((column, feature) => (column[index] = row[feature] ?? Number.NaN)));
  return { rowCount: rows.length, columns };
}

/** One row of a matrix. */
export function matrixRow({ columns }: Matrix, index: number): Float64Array {
  return Float64Array.from(columns, (column) => column[index] ?? Number.NaN);
}
