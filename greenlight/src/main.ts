import type { Composition } from "./app/composition.ts";
import { formatProblem, problem, ProblemError } from "./base/problem.ts";
import { systemClock } from "./base/system-clock.ts";
import { runCommandLine } from "./cli/command-line.ts";
import { forgiveLostReaders } from "./cli/standard-output.ts";

/** The composition root: the only place that names adapters. Each is imported when a command first needs it. */
const composition: Composition = {
  clock: systemClock,
  openRuns: async (stateFolder) => (await import("./local-stores.ts")).openRuns(stateFolder),
  openWork: async (stateFolder) => (await import("./local-stores.ts")).openWork(stateFolder),
  keeperUnits: () => import("./keeper/obey-unit-order.ts"),
};

forgiveLostReaders();

try {
  process.exitCode = await runCommandLine(process.argv.slice(2), composition);
} catch (error) {
  process.exitCode = report(error);
}

/** The one place where an error becomes lines for a person; with `--json`, one document. */
function report(error: unknown): number {
  const isJson = process.argv.includes("--json");
  const known = error instanceof ProblemError ? error : null;
  const problems = known?.problems ?? [internal(error)];
  if (isJson) console.log(JSON.stringify({ problems }));
  else for (const each of problems) console.error(formatProblem(each));
  return known?.exitCode ?? 3;
}

function internal(error: unknown): ReturnType<typeof problem> {
  const reference = process.getBuiltinModule("node:crypto").randomUUID().slice(0, 8);
  console.error(`[${reference}]`, error);
  return problem("INTERNAL", {
    place: `reference ${reference}`,
    message: error instanceof Error ? error.message : String(error),
  });
}
