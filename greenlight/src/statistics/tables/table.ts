/** A value of a table. Objects are flattened before, lists are no values. */
export type Cell = string | number | boolean | null;

/** Rows of one shape, by columns. */
export interface Table {
  readonly columns: readonly TableColumn[];
  readonly rowCount: number;
}

export interface TableColumn {
  /** Where it stands in a row: one name, or several when it lies in objects. */
  readonly path: readonly string[];
  /** One a row; null: it has none there. */
  readonly cells: readonly Cell[];
  /** True: rows without a value lack the name, too. */
  readonly isLeftOut: boolean;
}

/** The name that people see. */
export function columnName({ path }: { readonly path: readonly string[] }): string {
  return path.join(".");
}
