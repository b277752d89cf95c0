import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** The last lines of a log that say something, indented; empty when there are none, or it can't be read. */
export function lastLines(path: string, count: number): string {
  return readTail(path, 8192)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-count)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join("\n");
}

/** The end of a file of any size; empty when it can't be read. */
function readTail(path: string, bytes: number): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8");
  } finally {
    closeSync(file);
  }
}
