import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { Script } from "node:vm";

/**
 * How often the cache is written for one script and command. Each time it holds what was compiled so far, and no two runs need
 * the same functions: one in which everything runs, and one in which nothing does.
 */
const GENERATION_COUNT = 4;

export interface CachedScript {
  /** The file with the script, one expression in ASCII. */
  readonly path: string;
  /** Of the script's text: V8 itself compares no more than its length. */
  readonly digest: string;
  /** Where caches lie, for this version of Node and this user; undefined where none is wanted. */
  readonly folder: string | undefined;
}

/**
 * The value of a script whose functions need not be compiled again in each command. Node's own compile cache holds what is
 * compiled when a module is loaded, and no function that is compiled when it is first called, which most are. A cache that
 * can't be read or written costs time and nothing else.
 */
export function runCachedScript({ path, digest, folder }: CachedScript): unknown {
  const stem = folder === undefined ? null : join(folder, `greenlight-${digest}-${commandOf(process.argv)}`);
  const known = stem === null ? null : readNewest(stem);
  const options = known === null ? {} : { cachedData: known.code };
  const script = new Script(readFileSync(path, "latin1"), { filename: path, ...options });
  const isUsed = known !== null && script.cachedDataRejected === false;
  const generation = isUsed ? known.generation + 1 : 1;
  // When all has been done, since only then it is known which functions were needed.
  if (stem !== null && generation <= GENERATION_COUNT)
    process.once("exit", () => writeGeneration(stem, generation, script));
  return script.runInThisContext();
}

/** Each command has its own: else those that need little would be the ones that fill it. */
function commandOf([, program = "", first = ""]: readonly string[]): string {
  const command = /^[a-z]{1,20}$/u.test(first) ? `-${first}` : "";
  return `${basename(program).replaceAll(/[^a-z]+/giu, "")}${command}`;
}

function readNewest(stem: string): { readonly code: Buffer; readonly generation: number } | null {
  for (let generation = GENERATION_COUNT; generation >= 1; generation -= 1) {
    const code = readTwins(`${stem}-${generation}`);
    if (code !== null) return { code, generation };
  }
  return null;
}

/**
 * V8 trusts what it is given, and ends the process over one wrong bit. So the code lies in its file twice, which is the quickest
 * way to see that it is whole, and a file that somebody else could have written is not read.
 */
function readTwins(path: string): Buffer | null {
  let file: number | null = null;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const { uid, mode } = fstatSync(file);
    if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) return null;
    const twins = readFileSync(file);
    const half = twins.length / 2;
    const code = twins.subarray(0, half);
    return half > 0 && Number.isInteger(half) && code.equals(twins.subarray(half)) ? code : null;
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** Never throws: at the end of a process that would change how it ends. */
function writeGeneration(stem: string, generation: number, script: Script): void {
  const temporary = `${stem}-${process.pid}`;
  try {
    const code = script.createCachedData();
    const file = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(file, Buffer.concat([code, code]));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, `${stem}-${generation}`);
    if (generation > 1) rmSync(`${stem}-${generation - 1}`, { force: true });
  } catch {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // Nothing was begun there, or nothing can be changed there any more.
    }
  }
}
