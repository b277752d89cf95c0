import { openSync, writeSync } from "node:fs";

import { environmentFolder } from "./environment-folder.ts";
import { standBy } from "./stand-by.ts";

/**
 * What systemd keeps running for an environment: `node stand-by-main.js FOLDER`. It starts a keeper when there is none, and
 * keeps nothing itself; ending it ends nothing else.
 */
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: stand-by-main FOLDER");

const ending = new AbortController();
process.on("SIGTERM", () => ending.abort());
process.on("SIGINT", () => ending.abort());
process.on("SIGHUP", () => {});

await standBy({ folder, log, signal: ending.signal });

/** Into the keeper's log, and to systemd's journal. */
function log(line: string): void {
  const text = `${new Date().toISOString()} stand-by ${process.pid}: ${line}\n`;
  for (const open of [
    () => process.stdout.fd,
    () => openSync(environmentFolder(folder ?? "").log("keeper"), "a", 0o600),
  ]) {
    try {
      writeSync(open(), text);
    } catch {
      // A full disk or a closed journal; a lost line is no reason to stop.
    }
  }
}
