import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

import { problem, type Problem } from "../../base/problem.ts";
import { listOutput } from "../files/output-files.ts";
import type { OutputPlace } from "../files/outputs.ts";
import type { Masking } from "./masking.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * Takes secrets out of what a step wrote, before it is read, kept or shared: artifacts, reports, test results. Each file
 * that held one is told, because a masked file may no longer be what the step meant.
 */
export async function maskOutputs(
  options: Pick<OutputPlace, "folder" | "place">,
  outputs: Readonly<Record<string, string>>,
  masking: Masking,
): Promise<readonly Problem[]> {
  if (!masking.isActive) return [];
  const problems: Problem[] = [];
  for (const pattern of new Set(Object.values(outputs))) {
    for (const path of (await listOutput(options.folder, pattern)).files) {
      if (masking.text(path) !== path) {
        const message = `the name of ${path} holds a secret; its step's result is not kept`;
        problems.push(problem("SECRET_WRITTEN", { place: options.place, message, remedy: "give it another name" }));
      }
      if (!maskFile(join(options.folder, path), masking)) continue;
      const message = `${path} held a secret; it was replaced by ***`;
      problems.push(problem("SECRET_WRITTEN", { place: options.place, message }));
    }
  }
  return problems;
}

/** True when the file held a secret and was written anew. */
function maskFile(path: string, masking: Masking): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) return false;
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const source = openSync(path, "r");
  const target = openSync(temporary, "wx", stats.mode);
  let isChanged = false;
  try {
    const filter = masking.stream();
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let read = 0;
    let written = 0;
    for (let count = readSync(source, buffer); count > 0; count = readSync(source, buffer)) {
      read += count;
      written += writeAll(target, filter.push(Buffer.from(buffer.subarray(0, count))));
    }
    written += writeAll(target, filter.flush());
    isChanged = read !== written || !isEqual(path, temporary);
    if (isChanged) renameSync(temporary, path);
  } finally {
    closeSync(source);
    closeSync(target);
    rmSync(temporary, { force: true });
  }
  return isChanged;
}

function writeAll(file: number, bytes: Buffer): number {
  for (let from = 0; from < bytes.length;) from += writeSync(file, bytes, from);
  return bytes.length;
}

/** Masked text of the same length as the secret would go unnoticed by counting. */
function isEqual(left: string, right: string): boolean {
  const files = [openSync(left, "r"), openSync(right, "r")] as const;
  try {
    const [one, other] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
    for (;;) {
      const counts = [readSync(files[0], one), readSync(files[1], other)];
      if (counts[0] !== counts[1] || !one.equals(other)) return false;
      if (counts[0] === 0) return true;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}
