import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { isCode } from "./faults.ts";

const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

/** The keys below `prefix` in ascending order of their bytes, at most `limit`, only those after `after`. */
export async function listKeys(
  root: string,
  prefix: string,
  options: { readonly limit: number; readonly after?: string; readonly signal: AbortSignal },
): Promise<string[]> {
  const found: string[] = [];
  await walk(prefix);
  return found;

  async function walk(path: string): Promise<void> {
    options.signal.throwIfAborted();
    const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error: unknown) => {
      // Another machine may have removed it just now.
      if (isCode(error, "ENOENT", "ENOTDIR")) return [];
      throw error;
    });
    // A folder sorts as its keys do, with the slash.
    const names = entries
      .filter((entry) => !entry.name.startsWith(".") && (entry.isDirectory() || entry.isFile()))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .toSorted(byBytes);
    for (const name of names) {
      if (found.length >= options.limit) return;
      const key = `${path}${name}`;
      if (name.endsWith("/")) {
        if (!endsBefore(key, options.after)) await walk(key);
      } else if (options.after === undefined || byBytes(key, options.after) > 0) found.push(key);
    }
  }
}

/** True when every key of this folder sorts before `after`. */
function endsBefore(folder: string, after: string | undefined): boolean {
  return after !== undefined && !after.startsWith(folder) && byBytes(folder, after) < 0;
}
