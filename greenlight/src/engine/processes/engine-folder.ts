import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Where engines leave word of themselves for as long as they may be running steps. */
export function engineFolder(stateFolder: string): string {
  return join(stateFolder, "engines");
}

/** The names of those that have, those that died included. */
export function recordedEngines(stateFolder: string): readonly string[] {
  try {
    return readdirSync(engineFolder(stateFolder)).filter((name) => /^[0-9a-f]{16}$/u.test(name));
  } catch {
    return [];
  }
}
