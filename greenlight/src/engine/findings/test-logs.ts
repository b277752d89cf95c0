import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

import { cutText } from "../../evidence/bounds.ts";
import type { Evidence } from "../../evidence/evidence.ts";

const MAX_LOGS = 10;
/** How much of a log's end is read, in bytes, and how much of that is kept, in UTF-16 units. */
const TAIL_BYTES = 16 * 1024;
const TAIL_LENGTH = 8000;

/** Evidence in which tests that failed have the ends of those logs, as far as they are there. Paths are relative to `folder`. */
export function withLogs(evidence: readonly Evidence[], paths: readonly string[], folder: string): readonly Evidence[] {
  if (paths.length === 0) return evidence;
  return evidence.map((each) => {
    if (each.kind !== "tests" || each.failedCount === 0) return each;
    const logs = paths.slice(0, MAX_LOGS).flatMap((path) => {
      const tail = readEnd(join(folder, path));
      return tail === null ? [] : [{ path, tail: cutText(tail, TAIL_LENGTH) }];
    });
    return logs.length === 0 ? each : { ...each, logs };
  });
}

/** Null: it can't be read, or is no regular file. */
function readEnd(path: string): string | null {
  try {
    // A pipe would be waited for.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) return null;
      const bytes = Buffer.alloc(Math.min(stats.size, TAIL_BYTES));
      const count = readSync(file, bytes, 0, bytes.length, Math.max(0, stats.size - bytes.length));
      return bytes.subarray(0, count).toString();
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}
