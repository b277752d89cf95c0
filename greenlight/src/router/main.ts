import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";

import { formatProblem } from "../base/problem.ts";
import { environmentFolder } from "../keeper/environment-folder.ts";
import { boundOwnLog } from "../keeper/log-file.ts";
import { watchKeeper } from "./keeper-watch.ts";
import { startRouter } from "./router.ts";
import type { MetricsAddress, RouterTls } from "./wire.ts";

/**
 * The data plane of one environment: `node main.js FOLDER HOST PORT [TLS [METRICS]]`, these as JSON. Started by the environment's keeper
 * and outliving it. Exit status 98: the port is taken.
 */
const PORT_TAKEN_EXIT = 98;
const DRAIN_MS = 5000;

let isEnding = false;
const [folder, host, port, tlsText = "null", metricsText = "null"] = process.argv.slice(2);
if (folder === undefined || host === undefined || port === undefined) {
  throw new Error("usage: main FOLDER HOST PORT [TLS [METRICS]]");
}
const tls = JSON.parse(tlsText) as RouterTls | null;
const metrics = JSON.parse(metricsText) as MetricsAddress | null;

const started = await startRouter({ folder, host, port: Number(port), tls, metrics, log });
if (!started.ok) {
  log(formatProblem(started.error));
  process.exit(started.error.code === "PORT_TAKEN" ? PORT_TAKEN_EXIT : 1);
}
const router = started.value;
watchKeeper({
  folder,
  log,
  isEnding: () => isEnding,
  onOrphaned: () => void end("the environment's folder is gone"),
});
process.on("SIGTERM", () => void end("told to end"));
// A terminal's Ctrl-C is meant for the command in front, never for what serves.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
boundOwnLog(environmentFolder(folder).log("router"));
flushCompileCache();

async function end(why: string): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  log(`ending: ${why}`);
  await router.close(DRAIN_MS);
  process.exit(0);
}

function log(line: string): void {
  try {
    writeSync(process.stdout.fd, `${new Date().toISOString()} router ${process.pid}: ${line}\n`);
  } catch {
    // A stream would end the process over a full disk; a lost line is no reason to stop serving.
  }
}
