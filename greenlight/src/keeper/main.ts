import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";

import { formatProblem } from "../base/problem.ts";
import { environmentFolder } from "./environment-folder.ts";
import { startKeeper } from "./keeper.ts";
import { boundOwnLog } from "./log-file.ts";

/**
 * The supervisor of one environment: `node main.js FOLDER [EPOCH]`. Started by a controller, or by the router
 * after its keeper died; it outlives both. Only `greenlight down` ends what it keeps: on TERM the keeper alone goes, and the
 * router starts another one; but where router and keeper are told together, as when the system goes down, all of it ends.
 */
const [folder, resumeEpoch] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: main FOLDER [EPOCH]");

// A terminal's Ctrl-C is meant for the command in front, never for what serves.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});

const told = new AbortController();
process.on("SIGTERM", () => told.abort());

const started = await startKeeper({
  folder,
  told: told.signal,
  resumeEpoch: resumeEpoch === undefined ? null : Number(resumeEpoch),
  log,
  onEnd: (why) => {
    log(`ending: ${why}`);
    // The answer to the order that ends it is still on its way out.
    setTimeout(() => process.exit(0), 20);
  },
}).catch((error: unknown) => {
  // A disk without room for the lock, for instance. Whoever started this one tries again later.
  log(`can't keep ${folder}: ${String(error)}`);
  process.exit(1);
});
if (!started.ok) log(formatProblem(started.error));
if (!started.ok || started.value !== "keeping") process.exit(started.ok ? 0 : 1);
boundOwnLog(environmentFolder(folder).log("keeper"));
flushCompileCache();

function log(line: string): void {
  try {
    writeSync(process.stdout.fd, `${new Date().toISOString()} keeper ${process.pid}: ${line}\n`);
  } catch {
    // A stream would end the process over a full disk; a lost line is no reason to stop serving.
  }
}
