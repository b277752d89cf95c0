import { AsyncResource } from "node:async_hooks";

import type { Composition } from "./app/composition.ts";
import { lastWords, maskedProblem } from "./base/last-words.ts";
import { problem, ProblemError } from "./base/problem.ts";
import { systemClock } from "./base/system-clock.ts";
import { runCommandLine } from "./cli/command-line.ts";
import { problemLines } from "./cli/problem-lines.ts";
import { forgiveLostReaders, lostOutput } from "./cli/standard-output.ts";

/** The composition root: the only place that names adapters. Each is imported when a command first needs it. */
const composition: Composition = {
  clock: systemClock,
  openRuns: async (stateFolder) => (await import("./local-stores.ts")).openRuns(stateFolder),
  openWork: async (stateFolder, how) => (await import("./local-stores.ts")).openWork(stateFolder, how),
  openHoldings: async (stateFolder) => (await import("./open-holdings.ts")).openHoldings(stateFolder),
  keeperUnits: () => import("./keeper/obey-unit-order.ts"),
};

forgiveLostReaders();
// An effect is code in this process, and what it throws when nobody waits for it any more may hold its secrets.
// Bound, because what an effect prints goes to its log.
process.on(
  "uncaughtException",
  AsyncResource.bind((error: unknown) => process.exit(report(error))),
);

try {
  process.exitCode = await runCommandLine(process.argv.slice(2), composition);
} catch (error) {
  process.exitCode = report(error);
}
// The streams of a terminal or a device tell it only later.
process.once("exit", reportLostOutput);

/** The one place where an error becomes lines for a person; with `--json`, one document. */
function report(error: unknown): number {
  const isJson = process.argv.includes("--json");
  const known = error instanceof ProblemError ? error : null;
  const problems = (known?.problems ?? [internal(error)]).map(maskedProblem);
  if (isJson) console.log(JSON.stringify({ problems }));
  else for (const line of problemLines(problems)) console.error(line);
  return known?.exitCode ?? 3;
}

/** What was asked for is done and recorded, but whoever reads the file would take a part for the whole. */
function reportLostOutput(): void {
  const message = lostOutput();
  if (message === null) return;
  for (const line of problemLines([problem("PRINT_FAILED", { place: "standard output", message })]))
    console.error(line);
  if (process.exitCode === 0) process.exitCode = 3;
}

function internal(error: unknown): ReturnType<typeof problem> {
  const reference = process.getBuiltinModule("node:crypto").randomUUID().slice(0, 8);
  console.error(`[${reference}] ${lastWords(error)}`);
  return problem("INTERNAL", {
    place: `reference ${reference}`,
    message: error instanceof Error ? error.message : String(error),
  });
}
