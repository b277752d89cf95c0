import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { problem, ProblemError } from "../base/problem.ts";

/**
 * Makes this process the only run of the project, because steps write into its folder. The hold is a lock of the
 * operating system on a database file, so it ends with the process, however that ends. Returns the release; throws
 * RUN_IN_PROGRESS or STORE_UNWRITABLE.
 */
export function holdProject(stateFolder: string, runId: string): () => void {
  const holderPath = join(stateFolder, "run-holder.json");
  let database: DatabaseSync;
  try {
    mkdirSync(stateFolder, { recursive: true });
    database = new DatabaseSync(join(stateFolder, "run.lock"), { timeout: 0 });
  } catch (error) {
    throw unwritable(stateFolder, error);
  }
  try {
    database.exec("BEGIN EXCLUSIVE");
    writeFileSync(holderPath, JSON.stringify({ runId, pid: process.pid }));
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/iu.test(error.message)) throw inProgress(stateFolder, holderPath);
    throw unwritable(stateFolder, error);
  }
  return () => database.close();
}

function inProgress(stateFolder: string, holderPath: string): ProblemError {
  let holder = "another run";
  try {
    const { runId, pid } = JSON.parse(readFileSync(holderPath, "utf8")) as { runId: string; pid: number };
    holder = `run ${runId} (process ${pid})`;
  } catch {
    // The holder has not written its name yet.
  }
  return new ProblemError([problem("RUN_IN_PROGRESS", { place: stateFolder, message: `${holder} is going on` })]);
}

function unwritable(stateFolder: string, error: unknown): ProblemError {
  const message = error instanceof Error ? error.message : String(error);
  return new ProblemError([problem("STORE_UNWRITABLE", { place: stateFolder, message })], { cause: error });
}
