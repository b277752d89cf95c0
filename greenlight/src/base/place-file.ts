import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { randomDigits } from "./ids.ts";

const suffix = randomDigits(12);
let count = 0;

/** A name beside the target that no other process and no other call uses. */
export function temporaryName(target: string): string {
  count += 1;
  return `${target}.${suffix}-${count}.tmp`;
}

/** Puts the file there whole or not at all, making its folder where there is none. Not synced: for what can be made again. */
export function placeFile(bytes: Uint8Array, target: string, mode: number): void {
  const temporary = temporaryName(target);
  try {
    try {
      writeFileSync(temporary, bytes, { mode });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(temporary, bytes, { mode });
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
