import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

import { Lanes } from "./lanes.ts";
import { startDirectly } from "./start-directly.ts";
import type { ProgramCall, StartResult } from "./started-process.ts";

const lanes = new Lanes();
let lastFolder = "";

/** Starts a program the cheapest way that there is for it. Does not reject. */
export async function startProcess(call: ProgramCall): Promise<StartResult> {
  makeLogFolder(dirname(call.logPath));
  return (await lanes.start(call)) ?? startDirectly(call);
}

/** Lets go of what starting needed, and waits for its end. Programs that run are not touched, and further ones can be started. */
export async function closeStarters(): Promise<void> {
  await lanes.close();
}

/** The logs of a run lie in one folder. */
function makeLogFolder(folder: string): void {
  if (folder === lastFolder) return;
  try {
    mkdirSync(folder, { recursive: true });
    lastFolder = folder;
  } catch {
    // Told when the log can't be opened.
  }
}
