import { join } from "node:path";

import type { Composition } from "./app/composition.ts";
import { formatProblem, problem, ProblemError } from "./base/problem.ts";
import { systemClock } from "./base/system-clock.ts";
import { runCommandLine } from "./cli/command-line.ts";

/** The composition root: the only place that names adapters. Each is imported when a command first needs it. */
const composition: Composition = {
  clock: systemClock,
  openRuns: async (stateFolder) => {
    const { RunDatabase } = await import("./adapters/stores/sqlite/run-database.ts");
    return new RunDatabase(join(stateFolder, "runs.sqlite"));
  },
  openWork: async (stateFolder) => {
    const [{ WorkDatabase }, { SmallBlobs }, { BlobFolder }] = await Promise.all([
      import("./adapters/stores/sqlite/work-database.ts"),
      import("./adapters/stores/sqlite/small-blobs.ts"),
      import("./adapters/stores/folder/blob-folder.ts"),
    ]);
    const { index, cache, bytes } = new WorkDatabase(join(stateFolder, "work.sqlite"));
    return { index, cache, blobs: new SmallBlobs(bytes, new BlobFolder(join(stateFolder, "store", "blobs"))) };
  },
  keeperUnits: () => import("./keeper/service-units.ts"),
};

// A reader that went away (`| head`) wants to see no more; the run itself goes on to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
}

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
