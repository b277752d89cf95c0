import { link, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type NumberedLock =
  | { readonly isTaken: true; readonly number: number; readonly path: string }
  /** `holder`: what the present holder wrote; null when another one was faster just now. */
  | { readonly isTaken: false; readonly holder: string | null };

export interface LockRequest {
  readonly folder: string;
  /** The number taken is greater than this and than any number taken before. */
  readonly floor: number;
  /** What the holder writes about itself. */
  describe(number: number): string;
  /** Whether the holder that wrote `text` still has the lock. */
  isHeld(text: string): boolean;
}

let temporaryCount = 0;

/**
 * A lock between processes that is also a fencing number: each taking makes the file `folder/N`, one higher than
 * the highest there is, so a number is never given out twice and no taker can remove the lock of another by mistake.
 * A holder that died is passed over by its successor's higher number. Rejects with the system's error.
 */
export async function takeNumberedLock(request: LockRequest): Promise<NumberedLock> {
  await mkdir(request.folder, { recursive: true, mode: 0o700 });
  const highest = await highestLock(request.folder);
  if (highest > 0) {
    const holder = await readFile(join(request.folder, String(highest)), "utf8").catch(() => "");
    if (request.isHeld(holder)) return { isTaken: false, holder };
  }
  const number = Math.max(highest, request.floor) + 1;
  const path = join(request.folder, String(number));
  if (!(await createWhole(path, request.describe(number)))) return { isTaken: false, holder: null };
  // A slow taker may have made a number that was already used and cleaned away: then a higher one is there.
  if ((await highestLock(request.folder)) > number) {
    await rm(path, { force: true });
    return { isTaken: false, holder: null };
  }
  await removeBelow(request.folder, number);
  return { isTaken: true, number, path };
}

/** The highest number ever taken that is still there; 0 when none was. */
export async function highestLock(folder: string): Promise<number> {
  return Math.max(0, ...(await lockNumbers(folder)));
}

/** Links a finished file into place, so that a reader never sees half of one. False: the number is taken. */
async function createWhole(path: string, text: string): Promise<boolean> {
  temporaryCount += 1;
  const temporary = `${path}.${process.pid}-${temporaryCount}.tmp`;
  // No fsync: after a power cut no holder lives, and a torn file is free.
  await writeFile(temporary, text, { mode: 0o600 });
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function removeBelow(folder: string, number: number): Promise<void> {
  const lower = (await lockNumbers(folder)).filter((each) => each < number);
  await Promise.all(lower.map((each) => rm(join(folder, String(each)), { force: true })));
}

async function lockNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => /^[1-9]\d{0,14}$/.test(name)).map(Number);
}
