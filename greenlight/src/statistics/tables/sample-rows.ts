import { normalCdf } from "../normal.ts";
import { quantile } from "../quantile.ts";
import { seededRandom, type Random } from "../random.ts";
import { formatDay } from "./date-form.ts";
import type { ColumnDescription } from "./describe-column.ts";
import { correlated, dimensionsOf, drawIndependent, partOf } from "./dimensions.ts";
import type { TableDescription } from "./fit-table.ts";
import { madeUpText } from "./made-up-text.ts";
import type { Cell } from "./table.ts";

/** Draws rows without end, one at a time; a row has a cell for each column of the description. One seed gives one sequence. */
export function* sampleRows(description: TableDescription, seed: number): Generator<readonly Cell[], never> {
  const { columns, patterns, root } = description;
  const random = seededRandom(seed);
  const dimensions = dimensionsOf(columns, patterns);
  const places = columns.map((_, column) => dimensions.findIndex((each) => each.column === column));
  for (;;) {
    const latent = correlated(root, drawIndependent(root.length, random));
    const gaps = patterns[partOf(dimensions[0]?.cuts ?? [], latent[0] ?? 0)]?.gaps ?? "";
    yield columns.map((column, at) => {
      if (gaps[at] === "1") return null;
      const place = places[at] as number;
      return cellOf(column, { z: latent[place] ?? 0, cuts: dimensions[place]?.cuts ?? [], random });
    });
  }
}

function cellOf(
  column: ColumnDescription,
  drawn: { readonly z: number; readonly cuts: readonly number[]; readonly random: Random },
): Cell {
  switch (column.kind) {
    case "number": {
      const number = quantile(column.quantiles, normalCdf(drawn.z));
      return column.dateForm === null ? Number(number.toFixed(column.decimals)) : formatDay(number, column.dateForm);
    }
    case "category":
      return column.values[partOf(drawn.cuts, drawn.z)]?.value ?? null;
    case "text": {
      const { random } = drawn;
      if (random.next() / 2 ** 32 < column.numberShare) return random.next() % 10_000;
      const length = Math.round(quantile(column.lengths, random.next() / 2 ** 32));
      return madeUpText(Math.max(1, length), random);
    }
    case "empty":
      return null;
  }
}
