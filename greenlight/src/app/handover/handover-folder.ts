import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import { formatPart, MAX_PART_BYTES, PART_FILE, parsePart, type RunPart, type StepOutput } from "./part-file.ts";

const MAX_PARTS = 10_000;

/** A part as it was found, and where its blobs lie. */
export interface FoundPart {
  readonly part: RunPart;
  blobPath(digest: string): string;
}

/**
 * Reads every part in `DIR/in`, each in a folder of its own; none when there is no such folder. What it finds is foreign: every
 * part is read within bounds and in its whole form. Throws HANDOVER_INCOMPLETE with all that is torn.
 */
export async function readParts(handover: string): Promise<readonly FoundPart[]> {
  const folder = join(handover, "in");
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new ProblemError([torn(folder, error.message)], { cause: error });
  });
  if (names.length > MAX_PARTS) throw new ProblemError([torn(folder, `holds more than ${MAX_PARTS} parts`)]);
  const found: FoundPart[] = [];
  const problems: Problem[] = [];
  for (const name of names.toSorted()) {
    const own = join(folder, name);
    const path = join(own, PART_FILE);
    const stats = await lstat(path).catch(() => null);
    if (stats?.isFile() !== true) problems.push(torn(path, "there is no such file"));
    else if (stats.size > MAX_PART_BYTES) problems.push(torn(path, `is larger than ${MAX_PART_BYTES} bytes`));
    else {
      const parsed = parsePart(await readFile(path, "utf8"));
      if (parsed.ok) found.push({ part: parsed.value, blobPath: (digest) => blobPath(own, digest) });
      else problems.push(torn(path, parsed.error));
    }
  }
  if (problems.length > 0) throw new ProblemError(problems);
  return found;
}

/** Writes a part to `DIR/out/NAME`: its blobs first, then the file that speaks of them. `source` gives a blob's file. */
export async function writePart(
  handover: string,
  part: RunPart,
  source: (digest: string) => Promise<string | null>,
): Promise<void> {
  const own = join(handover, "out", part.head.part);
  await rm(own, { recursive: true, force: true });
  await mkdir(own, { recursive: true });
  for (const digest of new Set(part.results.flatMap(blobsOf))) {
    const from = await source(digest);
    // Told where it is missed, by the part that needs it: this one has run.
    if (from === null) continue;
    const target = blobPath(own, digest);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(from, target, constants.COPYFILE_FICLONE);
  }
  const path = join(own, PART_FILE);
  await writeFile(`${path}.tmp`, formatPart(part));
  await rename(`${path}.tmp`, path);
}

/** Every blob that a result speaks of. */
export function blobsOf(result: StepOutput): readonly string[] {
  const files = Object.values(result.outputs).flatMap((each) => each.map((file) => file.digest));
  return [...files, ...result.references, ...(result.logDigest === null ? [] : [result.logDigest])];
}

function blobPath(own: string, digest: string): string {
  return join(own, "blobs", digest.slice(0, 2), digest.slice(2));
}

function torn(place: string, message: string): Problem {
  return problem("HANDOVER_INCOMPLETE", { place, message });
}
