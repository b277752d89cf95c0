import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { BoostingParameters } from "../../movies/src/model/boosting.ts";
import type { Matrix } from "../../movies/src/model/matrix.ts";

/** Rows to learn from, or to predict. */
export interface Table {
  readonly matrix: Matrix;
  readonly targets: Float64Array;
}

/** One learning problem, as both sides get it. */
export interface Problem {
  readonly name: string;
  readonly train: Table;
  readonly test: Table;
  readonly parameters: BoostingParameters;
  readonly seed: number;
}

/** Content of `problem.json`, beside `train.f64` and `test.f64`. */
interface ProblemFile {
  readonly name: string;
  readonly columnCount: number;
  readonly trainCount: number;
  readonly testCount: number;
  readonly parameters: BoostingParameters;
  readonly seed: number;
}

/** Writes a problem to a folder: matrices as little-endian doubles, column by column, the targets last. */
export async function writeProblem(folder: string, problem: Problem): Promise<void> {
  const { name, parameters, seed, test, train } = problem;
  const file: ProblemFile = {
    name,
    columnCount: train.matrix.columns.length,
    trainCount: train.matrix.rowCount,
    testCount: test.matrix.rowCount,
    parameters,
    seed,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "problem.json"), `${JSON.stringify(file, null, 2)}\n`);
  await writeFile(join(folder, "train.f64"), tableBytes(train));
  await writeFile(join(folder, "test.f64"), tableBytes(test));
}

/** Reads what `writeProblem` wrote. */
export async function readProblem(folder: string): Promise<Problem> {
  const file = JSON.parse(await readFile(join(folder, "problem.json"), "utf8")) as ProblemFile;
  const read = async (name: string, rowCount: number): Promise<Table> => {
    const bytes = await readFile(join(folder, name));
    const values = new Float64Array(new Uint8Array(bytes).buffer);
    const column = (index: number) => values.subarray(index * rowCount, (index + 1) * rowCount);
    return {
      matrix: { rowCount, columns: Array.from({ length: file.columnCount }, (_, index) => column(index)) },
      targets: column(file.columnCount),
    };
  };
  return {
    name: file.name,
    train: await read("train.f64", file.trainCount),
    test: await read("test.f64", file.testCount),
    parameters: file.parameters,
    seed: file.seed,
  };
}

function tableBytes({ matrix, targets }: Table): Uint8Array {
  const values = new Float64Array(matrix.rowCount * (matrix.columns.length + 1));
  [...matrix.columns, targets].forEach((column, index) => values.set(column, index * matrix.rowCount));
  return new Uint8Array(values.buffer);
}
