import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { problem, ProblemError } from "../../base/problem.ts";
import type { ProjectPlace } from "../find-project.ts";

/** Who of an environment writes a log. */
const LOG_WRITERS = ["blue", "green", "router", "keeper"] as const;
export type LogWriter = (typeof LOG_WRITERS)[number];

const CHUNK_BYTES = 65_536;
const NEW_LINE = 0x0a;

/** The log of a writer; throws a ProblemError that names what there is when nothing like it is here. */
export function serviceLogPath(place: ProjectPlace, environment: string, writer: string): string {
  const root = join(place.stateFolder, "environments");
  const known = namesIn(root);
  if (!known.includes(environment)) {
    const message = `it has no logs on this machine; there is: ${known.join(", ") || "none"}`;
    throw new ProblemError([problem("ENVIRONMENT_UNKNOWN", { place: environment, message })]);
  }
  if (!LOG_WRITERS.some((each) => each === writer)) {
    const message = `"${writer}" is none of ${LOG_WRITERS.join(", ")}`;
    throw new ProblemError([problem("USAGE", { place: "--slot", message })]);
  }
  return join(root, environment, "logs", `${writer}.log`);
}

/** The slot whose service wrote last; null when none ever wrote. */
export function latestSlot(place: ProjectPlace, environment: string): LogWriter | null {
  const written = (["blue", "green"] as const).flatMap((slot) => {
    const path = serviceLogPath(place, environment, slot);
    const at = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return at === undefined ? [] : [{ slot, at }];
  });
  return written.toSorted((left, right) => right.at - left.at)[0]?.slot ?? null;
}

/** The last `count` lines that are kept, the rotated files before the log among them; whole, with their line ends. */
export function lastServiceLines(path: string, count: number): { readonly text: Buffer; readonly end: number } {
  let text = Buffer.alloc(0);
  let end: number | null = null;
  for (const file of [path, ...rotatedFiles(path)]) {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    end ??= size;
    for (let from = size; from > 0;) {
      const length = Math.min(CHUNK_BYTES, from);
      from -= length;
      text = Buffer.concat([readPart(file, from, length), text]);
      const start = startOfLast(text, count);
      if (start !== null) return { text: text.subarray(start), end };
    }
  }
  return { text, end: end ?? 0 };
}

/**
 * What was written after `offset`, and where to go on. A log that was rotated meanwhile is shorter: what was moved away is
 * in `LOG.1`, and the log goes on where that ends.
 */
export function readServiceLog(path: string, offset: number): { readonly bytes: Buffer; readonly offset: number } {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size >= offset) {
    const bytes = readPart(path, offset, Math.min(size - offset, CHUNK_BYTES));
    return { bytes, offset: offset + bytes.length };
  }
  const moved = statSync(`${path}.1`, { throwIfNoEntry: false })?.size ?? 0;
  if (offset >= moved) return { bytes: Buffer.alloc(0), offset: Math.min(offset - moved, size) };
  return { bytes: readPart(`${path}.1`, offset, moved - offset), offset: 0 };
}

/** Where the last `count` lines begin; null when there are not that many. A line end at the very end ends the last one. */
function startOfLast(text: Buffer, count: number): number | null {
  let found = 0;
  for (let at = text.lastIndexOf(NEW_LINE, text.length - 2); at >= 0; at = text.lastIndexOf(NEW_LINE, at - 1)) {
    found += 1;
    if (found === count) return at + 1;
    if (at === 0) return null;
  }
  return null;
}

function rotatedFiles(path: string): string[] {
  const prefix = `${basename(path)}.`;
  return namesIn(dirname(path))
    .filter((name) => name.startsWith(prefix) && /^\d+$/u.test(name.slice(prefix.length)))
    .toSorted((left, right) => Number(left.slice(prefix.length)) - Number(right.slice(prefix.length)))
    .map((name) => join(dirname(path), name));
}

function readPart(path: string, from: number, length: number): Buffer {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, fstatSync(file).size - from)));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
