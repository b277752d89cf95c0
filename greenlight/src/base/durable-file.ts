import { link, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { problem, type Problem } from "./problem.ts";
import { err, ok, type Result } from "./result.ts";

let writeCount = 0;

/**
 * Replaces `path` with `text` and does not return before it would survive a power cut: temporary file, fsync,
 * rename, fsync of the folder. Makes the folder. Rejects with the system's error; the old file then
 * still stands. Imports little, because keeper and router have to start fast.
 */
export async function writeDurably(path: string, text: string, mode = 0o600): Promise<void> {
  await replaceFile(path, text, { isSynced: true, mode });
}

/** For what means nothing after a power cut, pids for instance: readers see the old file or the new one, no fsync. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await replaceFile(path, text, { isSynced: false, mode: 0o600 });
}

/**
 * Makes `path` with `text`, durably and whole, unless it is there already: of several processes at once one makes it.
 * Resolves to whether this call did. Rejects with the system's error.
 */
export async function createDurably(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = temporaryFor(path);
  try {
    await writeSynced(temporary, text, { isSynced: true, mode: 0o600 });
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
  return true;
}

/**
 * As `writeDurably`, for a value whose loss would hurt: a second copy lies beside it as `PATH.copy`. The first file is the
 * commit point; the copy follows without fsync, and one that can't be written does not undo what was committed.
 */
export async function writeTwice(path: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  await writeDurably(path, text);
  await writeWhole(`${path}.copy`, text).catch(() => {});
}

/**
 * Reads what `writeTwice` wrote; null when there is neither file. A torn or missing first file is replaced by its copy.
 * STORE_UNREADABLE when something is there and nothing of it can be read.
 */
export async function readEither<Value>(
  path: string,
  parse: (value: unknown) => Value | null,
): Promise<Result<Value | null, Problem>> {
  const first = await readJson(path, parse);
  if (first.ok && first.value !== null) return first;
  const copy = await readJson(`${path}.copy`, parse);
  if (copy.ok && copy.value !== null) return copy;
  return first.ok ? copy : first;
}

/** One JSON file; null when it does not exist, STORE_UNREADABLE when `parse` refuses it by answering null. */
export async function readJson<Value>(
  path: string,
  parse: (value: unknown) => Value | null,
): Promise<Result<Value | null, Problem>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return ok(null);
    return err(problem("STORE_UNREADABLE", { place: path, message: (error as Error).message }));
  }
  const value = parse(parseJson(text));
  if (value !== null) return ok(value);
  const message = text.length === 0 ? "the file is empty" : "the file is torn or of another version";
  return err(problem("STORE_UNREADABLE", { place: path, message }));
}

async function replaceFile(
  path: string,
  text: string,
  how: { readonly isSynced: boolean; readonly mode: number },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = temporaryFor(path);
  try {
    await writeSynced(temporary, text, how);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (how.isSynced) await syncFolder(dirname(path));
}

function temporaryFor(path: string): string {
  writeCount += 1;
  return `${path}.${process.pid}-${writeCount}.tmp`;
}

async function writeSynced(
  path: string,
  text: string,
  how: { readonly isSynced: boolean; readonly mode: number },
): Promise<void> {
  const file = await open(path, "w", how.mode);
  try {
    await file.writeFile(text);
    if (how.isSynced) await file.sync();
  } finally {
    await file.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows can't open folders; its rename is journalled.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
