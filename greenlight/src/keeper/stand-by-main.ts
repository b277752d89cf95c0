import { openSync, realpathSync, writeSync } from "node:fs";

import { environmentFolder } from "./environment-folder.ts";
import { isSystemStopping } from "./session-scope.ts";
import { standBy } from "./stand-by.ts";

/**
 * What systemd keeps running for an environment: `node stand-by-main.js FOLDER`. It starts a keeper when there is none, and
 * keeps nothing itself; ending it ends nothing else.
 */
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: stand-by-main FOLDER");

const file = ownFile();
const ending = new AbortController();
process.on("SIGTERM", () => ending.abort());
process.on("SIGINT", () => ending.abort());
process.on("SIGHUP", () => {});

await standBy({ folder, log, mayStart, isReplaced, signal: ending.signal });

function mayStart(): boolean {
  return !isSystemStopping();
}

/** On a server the path of a unit goes through a link to the version that came last. */
function isReplaced(): boolean {
  const now = ownFile();
  // Nothing there while it is being replaced; starting again then would fail.
  return now !== null && now !== file;
}

function ownFile(): string | null {
  try {
    return realpathSync(process.argv[1] ?? "");
  } catch {
    return null;
  }
}

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
