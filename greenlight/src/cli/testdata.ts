import { resolve } from "node:path";

import { problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { printable } from "./terminal.ts";

const MAX_ROWS = 100_000_000;
const USUAL_ROWS = 1000;

type Options = Readonly<Record<string, unknown>>;

/** `greenlight testdata`: a table like another one; `testdata model`: a model that was never trained; `testdata fixtures`: what a file declares. */
export async function testdata(call: CommandCall, args: readonly string[], options: Options): Promise<number> {
  const what = args[0] ?? "table";
  switch (what) {
    case "table":
      return table(call, options);
    case "model":
      return model(call, options);
    case "fixtures":
      return fixtures(call, options);
    default:
      throw usage("testdata", `"${what}" can't be made; known: table, model, fixtures`);
  }
}

async function table(call: CommandCall, options: Options): Promise<number> {
  const out = required(options, "out");
  if (!/\.(jsonl|csv)$/u.test(out)) throw usage("--out", "a table is written as .jsonl or .csv");
  const like = text(options["like"]);
  const { makeTable } = await import("../app/testdata/make-table.ts");
  const made = await makeTable({
    rowCount: wholeNumber(options, "rows", { usual: USUAL_ROWS, least: 1, most: MAX_ROWS }),
    seed: seedOf(options),
    out: resolve(out),
    like: like === null ? null : resolve(like),
    folder: folderOf(call),
  });
  if (call.isJson) {
    console.log(JSON.stringify({ out, ...made }));
    return 0;
  }
  const { columns, correlation, meanCorrelation } = made.distance;
  console.log(printable(`${out}: ${made.rowCount} rows, ${made.sizeBytes} bytes`));
  const far = columns.filter(({ distance }) => distance !== null);
  const farthest = far.toSorted((a, b) => (b.distance ?? 0) - (a.distance ?? 0))[0];
  if (farthest !== undefined)
    console.log(printable(`  farthest column: ${farthest.name}, ${(farthest.distance ?? 0).toFixed(3)} of 1`));
  console.log(
    `  rank correlations: off by ${meanCorrelation.toFixed(3)} on average, ${correlation.toFixed(3)} at most`,
  );
  return 0;
}

async function model(call: CommandCall, options: Options): Promise<number> {
  const out = required(options, "out");
  const [{ mockModel }, { writePieces }] = await Promise.all([
    import("../app/testdata/mock-model.ts"),
    import("../app/testdata/write-rows.ts"),
  ]);
  const sizeBytes = await writePieces(resolve(out), [mockModel(seedOf(options))]);
  console.log(call.isJson ? JSON.stringify({ out, sizeBytes }) : printable(`${out}: ${sizeBytes} bytes`));
  return 0;
}

async function fixtures(call: CommandCall, options: Options): Promise<number> {
  const [from, out] = [required(options, "from"), required(options, "out")];
  const { makeFixtures } = await import("../app/testdata/make-fixtures.ts");
  const made = await makeFixtures({ from: resolve(from), out: resolve(out), folder: folderOf(call) });
  if (call.isJson) console.log(JSON.stringify({ out, files: made }));
  else for (const path of made) console.log(printable(`${out}/${path}`));
  return 0;
}

/** Test data can be made outside of any project, too. */
function folderOf(call: CommandCall): string {
  try {
    return call.place().folder;
  } catch (error) {
    if (error instanceof ProblemError) return process.cwd();
    throw error;
  }
}

function seedOf(options: Options): number {
  return wholeNumber(options, "seed", { usual: 1, least: 0, most: 2 ** 32 - 1 });
}

function wholeNumber(
  options: Options,
  name: string,
  { usual, least, most }: { readonly usual: number; readonly least: number; readonly most: number },
): number {
  const given = text(options[name]);
  if (given === null) return usual;
  const number = Number(given);
  if (!/^\d+$/u.test(given) || number < least || number > most)
    throw usage(`--${name}`, `"${given}" is no whole number from ${least} to ${most}`);
  return number;
}

function required(options: Options, name: string): string {
  const given = text(options[name]);
  if (given === null) throw usage("testdata", `--${name} is missing`);
  return given;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function usage(place: string, message: string): ProblemError {
  return new ProblemError([problem("USAGE", { place, message })]);
}
