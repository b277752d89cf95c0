import { join } from "node:path";
import { parseArgs } from "node:util";

import { collectFilms } from "../../movies/src/collector/collect-films.ts";
import { vegaFilms } from "../../movies/src/collector/vega-films.ts";
import { cleanFiles } from "../../movies/src/films/clean-files.ts";
import { readFilms } from "../../movies/src/films/read-films.ts";
import type { Comparison } from "./comparison.ts";
import { compare } from "./comparison.ts";
import { programContender } from "./contender.ts";
import type { Problem } from "./problem.ts";
import { filmProblem, syntheticProblem } from "./problems.ts";
import { pythonEnvironment } from "./python-environment.ts";

/** By how much our RMSE on the films (A, hash split) may differ from scikit-learn's. */
const MAX_RMSE_GAP = 0.005;
/** How many times scikit-learn's fit time ours may take on the synthetic rows. A goal: times vary between machines. */
const FIT_TIME_GOAL = 2;

// Usage: node bench/model/run.ts [--rounds N]. Our trainer beside scikit-learn's, on the same exported matrices, with
// the same parameters, each fit in a process of its own on one thread, by turns. Ends with 1 when the target is missed.

const rounds = readRounds();
const here = import.meta.dirname;
const environment = await pythonEnvironment(here);
console.log(
  `Node ${process.versions.node}; scikit-learn ${environment.sklearnVersion} on Python ${environment.pythonVersion}; medians of ${rounds} rounds by turns`,
);
const comparisons: Comparison[] = [];
for (const problem of [...(await filmProblems()), syntheticProblem()]) {
  comparisons.push(
    await compare(problem, {
      folder: join(here, "out"),
      ours: programContender("ours", process.execPath, join(here, "fit-ours.ts")),
      sklearn: programContender("scikit-learn", environment.python, join(here, "fit_sklearn.py")),
      rounds,
    }),
  );
}
printTable(comparisons);
judge(comparisons);

async function filmProblems(): Promise<Problem[]> {
  const dataFolder = join(here, "data");
  await collectFilms(vegaFilms(), dataFolder);
  await cleanFiles(dataFolder);
  const { films } = await readFilms(join(dataFolder, "films.jsonl"));
  return (["hash", "time"] as const).flatMap((split) =>
    (["A", "B"] as const).map((featureSet) => filmProblem(films, featureSet, split)),
  );
}

function printTable(all: readonly Comparison[]): void {
  const lines = all.map((one) => [
    one.name,
    `${one.trainCount}/${one.testCount}×${one.columnCount}`,
    one.constantRmse.toFixed(4),
    one.ridgeRmse.toFixed(4),
    one.ours.rmse.toFixed(4),
    one.sklearn.rmse.toFixed(4),
    (one.ours.rmse - one.sklearn.rmse).toFixed(4),
    one.maxPredictionGap.toExponential(1),
    seconds(one.ours.fitMs),
    seconds(one.sklearn.fitMs),
    (one.ours.fitMs / one.sklearn.fitMs).toFixed(2),
    megabytes(one.ours.peakBytes),
    megabytes(one.sklearn.peakBytes),
  ]);
  const head = ["problem", "rows", "constant", "ridge", "ours", "sklearn", "difference", "largest gap"];
  const table = [[...head, "ours s", "sklearn s", "ratio", "ours MB", "sklearn MB"], ...lines];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of table)
    console.log(`| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  console.log(
    "constant … difference: RMSE; largest gap: between two predictions for one row; s: fit; MB: peak of the process",
  );
}

function judge(all: readonly Comparison[]): void {
  const [films] = all;
  const synthetic = all.at(-1);
  if (films === undefined || synthetic === undefined) throw new Error("nothing was compared");
  const gap = Math.abs(films.ours.rmse - films.sklearn.rmse);
  const isMet = gap <= MAX_RMSE_GAP;
  const ratio = synthetic.ours.fitMs / synthetic.sklearn.fitMs;
  console.log(`${isMet ? "met" : "MISSED"}: ${films.name}: RMSE differs by ${gap.toFixed(4)}, at most ${MAX_RMSE_GAP}`);
  console.log(
    `${ratio <= FIT_TIME_GOAL ? "met" : "missed"} (a goal): ${synthetic.name}: fit takes ${ratio.toFixed(2)} times scikit-learn's, at most ${FIT_TIME_GOAL}`,
  );
  if (!isMet) process.exitCode = 1;
}

function readRounds(): number {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
  const count = Number(values.rounds);
  if (!Number.isInteger(count) || count < 1 || count > 100) throw new RangeError("--rounds must be from 1 to 100");
  return count;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
