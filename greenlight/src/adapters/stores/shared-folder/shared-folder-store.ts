import { createHash, randomUUID } from "node:crypto";
import { constants, createReadStream, createWriteStream } from "node:fs";
import { link, mkdir, open, realpath, rename, rm, stat, writeFile, type FileHandle } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";

import { digestFile } from "../../../base/file-digest.ts";
import { problem, ProblemError } from "../../../base/problem.ts";
import {
  checkKey,
  checkPrefix,
  type ListOptions,
  type ObjectStore,
  type PutOptions,
  type PutResult,
  type ReadOptions,
  type StoredObject,
} from "../../../engine/object-store.ts";
import { folderFault, isCode, unreachable } from "./faults.ts";
import { KeyLock, LostLockError } from "./key-lock.ts";
import { listKeys } from "./list-keys.ts";
import { Turnstile } from "./turnstile.ts";

const CALL_LIMIT_MS = 15_000;
const FILE_LIMIT_MS = 30 * 60_000;
const AT_ONCE = 2;
const LOCK_ATTEMPTS = 3;

/**
 * Objects as files of a folder that several machines mount. A file is finished under a temporary name in `.staging` and then linked (`ifAbsent`)
 * or renamed into place. Writes that replace hold the key's lock in `.locks`; the tag is the content's SHA-256.
 */
export class SharedFolderStore implements ObjectStore {
  readonly place: string;
  readonly #lock: KeyLock;
  readonly #turnstile: Turnstile;
  readonly #link: typeof link;

  /** `link` can be another one, for tests of file systems that know no links. */
  constructor(root: string, options: { readonly link?: typeof link; readonly staleLockMs?: number } = {}) {
    this.place = root;
    this.#lock = new KeyLock(join(root, ".locks"), options.staleLockMs);
    this.#turnstile = new Turnstile(root, AT_ONCE);
    this.#link = options.link ?? link;
  }

  async size(key: string, options: { readonly signal: AbortSignal }): Promise<number | null> {
    const path = this.#path(key);
    return this.#do(CALL_LIMIT_MS, options.signal, () => this.#orMissing(async () => (await stat(path)).size));
  }

  async get(key: string, options: ReadOptions): Promise<StoredObject | null> {
    const path = this.#path(key);
    return this.#do(CALL_LIMIT_MS, options.signal, () =>
      this.#orMissing(async () => {
        const file = await this.#openObject(path, options);
        try {
          const bytes = await file.readFile();
          return { bytes, etag: digestOf(bytes) };
        } finally {
          await file.close();
        }
      }),
    );
  }

  async getToFile(key: string, path: string, options: ReadOptions): Promise<boolean> {
    const source = this.#path(key);
    const got = await this.#do(FILE_LIMIT_MS, options.signal, () =>
      this.#orMissing(async () => {
        const file = await this.#openObject(source, options);
        try {
          const target = createWriteStream(path, { flags: "wx", mode: 0o600 });
          await pipeline(file.createReadStream({ autoClose: false }), target, { signal: options.signal });
          return true;
        } catch (error) {
          if (!isCode(error, "EEXIST")) await rm(path, { force: true });
          throw isCode(error, "ENOSPC", "EEXIST") ? unwritable(path, error) : error;
        } finally {
          await file.close();
        }
      }),
    );
    return got ?? false;
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<PutResult> {
    return this.#place(key, CALL_LIMIT_MS, options, async (temporary) => {
      await writeFile(temporary, bytes, { mode: 0o644, flush: true });
      return digestOf(bytes);
    });
  }

  async putFile(key: string, path: string, options: PutOptions): Promise<PutResult> {
    return this.#place(key, FILE_LIMIT_MS, options, async (temporary) => {
      const hash = createHash("sha256");
      const source = createReadStream(path, { highWaterMark: 1024 * 1024 });
      source.on("data", (chunk) => hash.update(chunk));
      await pipeline(source, createWriteStream(temporary, { mode: 0o644, flush: true }), { signal: options.signal });
      return hash.digest("hex");
    });
  }

  async list(prefix: string, options: ListOptions): Promise<readonly string[]> {
    checkPrefix(prefix);
    return this.#do(CALL_LIMIT_MS, options.signal, async () => {
      await this.#assertThere();
      return listKeys(this.place, prefix, options);
    });
  }

  async delete(key: string, options: { readonly signal: AbortSignal }): Promise<void> {
    const path = this.#path(key);
    await this.#do(CALL_LIMIT_MS, options.signal, async () => {
      await this.#assertThere();
      await this.#lock.hold(key, options.signal, () => rm(path, { force: true }));
    });
  }

  async close(): Promise<void> {
    // Files are closed by the calls that open them.
  }

  /** Finishes the object beside its place and moves it there under the condition. */
  async #place(
    key: string,
    limitMs: number,
    options: PutOptions,
    write: (temporary: string) => Promise<string>,
  ): Promise<PutResult> {
    const path = this.#path(key);
    return this.#do(limitMs, options.signal, async () => {
      await this.#assertThere();
      const temporary = join(this.place, ".staging", randomUUID());
      await mkdir(dirname(temporary), { recursive: true });
      try {
        const etag = await write(temporary);
        await this.#makeFolder(dirname(path));
        options.signal.throwIfAborted();
        if (options.ifAbsent === true) return await this.#create(key, temporary, path, etag, options.signal);
        return await this.#replace(key, temporary, path, etag, options);
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  async #create(key: string, temporary: string, path: string, etag: string, signal: AbortSignal): Promise<PutResult> {
    try {
      await this.#link(temporary, path);
      return { kind: "written", etag };
    } catch (error) {
      if (isCode(error, "EEXIST")) return { kind: "conflict" };
      if (!isCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV")) throw error;
    }
    // A file system without links: the lock stands in, which all writers here then use.
    return this.#underLock(key, signal, async (assertHeld) => {
      if ((await currentTag(path)) !== null) return { kind: "conflict" };
      assertHeld();
      await rename(temporary, path);
      return { kind: "written", etag };
    });
  }

  async #replace(key: string, temporary: string, path: string, etag: string, options: PutOptions): Promise<PutResult> {
    return this.#underLock(key, options.signal, async (assertHeld) => {
      if (options.ifMatch !== undefined && (await currentTag(path)) !== options.ifMatch) return { kind: "conflict" };
      assertHeld();
      await rename(temporary, path);
      return { kind: "written", etag };
    });
  }

  async #underLock(
    key: string,
    signal: AbortSignal,
    work: (assertHeld: () => void) => Promise<PutResult>,
  ): Promise<PutResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#lock.hold(key, signal, work);
      } catch (error) {
        if (!(error instanceof LostLockError)) throw error;
        if (attempt === LOCK_ATTEMPTS) throw unreachable(this.place, "it is too slow to lock a file there");
      }
    }
  }

  async #do<Answer>(limitMs: number, signal: AbortSignal, work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await this.#turnstile.pass(limitMs, signal, work);
    } catch (error) {
      signal.throwIfAborted();
      throw folderFault(error, this.place);
    }
  }

  async #orMissing<Answer>(read: () => Promise<Answer>): Promise<Answer | null> {
    try {
      return await read();
    } catch (error) {
      if (!isCode(error, "ENOENT")) throw error;
      await this.#assertThere();
      return null;
    }
  }

  /** Never made here: a mount that is missing would be filled on this machine's own disk. */
  async #assertThere(): Promise<void> {
    const stats = await stat(this.place).catch((error: unknown) => {
      if (isCode(error, "ENOENT")) return null;
      throw error;
    });
    if (stats === null) throw unreachable(this.place, "there is no such folder; is it mounted?");
    if (!stats.isDirectory()) throw unreachable(this.place, "it is no folder");
  }

  /** Makes it with those above it. A link planted below the root must not lead a writer out of it. */
  async #makeFolder(folder: string): Promise<void> {
    let real = await realpath(folder).catch((error: unknown) => {
      if (isCode(error, "ENOENT")) return null;
      throw error;
    });
    if (real === null) {
      if (folder === this.place) throw unreachable(this.place, "there is no such folder any more");
      await this.#makeFolder(dirname(folder));
      await mkdir(folder).catch((error: unknown) => {
        if (!isCode(error, "EEXIST")) throw error;
      });
      real = await realpath(folder);
    }
    const home = await realpath(this.place);
    if (real !== home && !real.startsWith(home.endsWith(sep) ? home : home + sep)) {
      const message = "a link leads out of the store's folder";
      throw new ProblemError([problem("STORE_REFUSED", { place: folder, message })]);
    }
  }

  async #openObject(path: string, options: ReadOptions): Promise<FileHandle> {
    // O_NONBLOCK: opening a named pipe would wait for its other end for ever.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await file.stat();
    const message = !stats.isFile()
      ? "it is no file"
      : stats.size > options.maxBytes
        ? `it holds more than the ${options.maxBytes} bytes that it may`
        : null;
    if (message === null) return file;
    await file.close();
    throw new ProblemError([problem("STORE_ENTRY_REFUSED", { place: path, message })]);
  }

  #path(key: string): string {
    return join(this.place, ...checkKey(key).split("/"));
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function currentTag(path: string): Promise<string | null> {
  return digestFile(path).catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  });
}

function unwritable(path: string, error: unknown): ProblemError {
  const message = error instanceof Error ? error.message : String(error);
  return new ProblemError([problem("STORE_UNWRITABLE", { place: path, message })], { cause: error });
}
