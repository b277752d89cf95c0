import { open } from "node:fs/promises";
import { join } from "node:path";

import { parseRecordedLine, type RecordedLine } from "./recording-format.ts";

/** Of an environment: the requests that its router recorded, and beside it what it is to record. */
export function recordingPaths(root: string): { readonly folder: string; readonly plan: string } {
  return { folder: join(root, "recordings"), plan: join(root, "recording.json") };
}

/** Newest first. */
export const RECORDING_FILES: readonly string[] = ["requests.jsonl", "requests.1.jsonl"];

/** Of each file only the end is read: it holds the newest lines. */
const READ_LIMIT_BYTES = 8 * 1024 * 1024;

/** The newest whole lines, oldest first, at most `limit`. Torn and foreign lines are left out; a missing folder has none. */
export async function readRecordedLines(folder: string, limit: number): Promise<readonly RecordedLine[]> {
  const newestFirst: RecordedLine[] = [];
  for (const name of RECORDING_FILES) {
    if (newestFirst.length >= limit) break;
    const lines = (await readEnd(join(folder, name))).split("\n");
    for (let index = lines.length - 1; index >= 0 && newestFirst.length < limit; index -= 1) {
      const line = parseRecordedLine(lines[index] ?? "");
      if (line !== null) newestFirst.push(line);
    }
  }
  return newestFirst.toReversed();
}

async function readEnd(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return "";
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - READ_LIMIT_BYTES);
    const end = Buffer.alloc(size - from);
    const { bytesRead } = await file.read(end, 0, end.length, from);
    return end.toString("utf8", 0, bytesRead);
  } catch {
    return "";
  } finally {
    await file.close();
  }
}
