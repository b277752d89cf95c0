import { mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { digestFile } from "../../../../base/file-digest.ts";
import { problem, type Problem } from "../../../../base/problem.ts";
import type { ReleaseManifest } from "../../../../release/manifest.ts";
import type { MissingFile, Piece, WantedFile } from "../wire.ts";

const DIGEST = /^[0-9a-f]{64}$/u;

/**
 * The files by digest that this server has: those which were sent and wait to be installed, and those of the releases that
 * are installed in any environment of the project. So nothing is kept twice, and nothing is sent twice.
 */
export class Contents {
  readonly #root: string;
  readonly #uploads: string;
  readonly #found = new Map<string, string>();

  /** `root`: the project's folder on this server. */
  constructor(root: string, environment: string) {
    this.#root = root;
    // Each environment has its own, because only one deployment of it is under way at a time.
    this.#uploads = join(root, "uploads", environment);
  }

  /** Where the content lies, once `missing` has found it or it was sent. */
  path(digest: string): string {
    return this.#found.get(digest) ?? join(this.#uploads, digest);
  }

  /** Which of the files are to be sent. A file of an installed release counts only when its content is as it was. */
  async missing(wanted: readonly WantedFile[]): Promise<readonly MissingFile[]> {
    await mkdir(this.#uploads, { recursive: true, mode: 0o700 });
    const installed = await this.#installed();
    const missing: MissingFile[] = [];
    for (const { digest, sizeBytes } of wanted) {
      if (!DIGEST.test(digest)) throw new Error(`not a digest: ${digest}`);
      if ((await sizeOf(join(this.#uploads, digest))) === sizeBytes) continue;
      const place = await firstIntact(installed.get(digest) ?? [], { digest, sizeBytes });
      if (place !== null) this.#found.set(digest, place);
      else missing.push({ digest, sizeBytes, offset: Math.min((await sizeOf(this.#partial(digest))) ?? 0, sizeBytes) });
    }
    return missing;
  }

  /** Takes in a piece of a file; with the last one the whole is compared with its digest and put in place. */
  async put({ digest, sizeBytes, offset, isLast }: Piece, bytes: Buffer): Promise<readonly Problem[]> {
    if (!DIGEST.test(digest)) throw new Error(`not a digest: ${digest}`);
    const partial = this.#partial(digest);
    try {
      const file = await open(partial, offset === 0 ? "w" : "r+", 0o600);
      try {
        if ((await file.stat()).size < offset) throw new Error("a piece is missing before this one");
        await writeWhole(file, bytes, offset);
        if (isLast) await file.truncate(sizeBytes);
      } finally {
        await file.close();
      }
      if (!isLast) return [];
      if ((await digestFile(partial)) === digest) {
        await rename(partial, join(this.#uploads, digest));
        return [];
      }
      await rm(partial, { force: true });
      return [problem("RELEASE_INCOMPLETE", { place: digest, message: "its content was changed in the store" })];
    } catch (error) {
      // A file that does not fit would only keep the disk full.
      await rm(partial, { force: true }).catch(() => {});
      return [problem("STORE_UNWRITABLE", { place: this.#uploads, message: (error as Error).message })];
    }
  }

  /** Forgets what was sent: it is installed, or it belongs to a release that nobody wants any more. */
  async clear(): Promise<void> {
    this.#found.clear();
    await rm(this.#uploads, { recursive: true, force: true });
  }

  #partial(digest: string): string {
    return join(this.#uploads, `.${digest}`);
  }

  /** Digest → where the runtimes and installed releases say that they have it. */
  async #installed(): Promise<ReadonlyMap<string, readonly string[]>> {
    const places = new Map<string, string[]>();
    const note = (digest: string, path: string): void => {
      const known = places.get(digest);
      if (known === undefined) places.set(digest, [path]);
      else known.push(path);
    };
    for (const name of await namesIn(join(this.#root, "runtimes"))) note(name, join(this.#root, "runtimes", name));
    const environments = join(this.#root, "environments");
    for (const environment of await namesIn(environments)) {
      const releases = join(environments, environment, "releases");
      for (const name of await namesIn(releases)) {
        if (!/^[0-9a-f]{64}\.json$/u.test(name)) continue;
        const folder = join(releases, name.slice(0, -".json".length));
        for (const { path, digest } of await filesOf(join(releases, name))) note(digest, join(folder, path));
      }
    }
    return places;
  }
}

/** A disk that runs full takes a part first, and refuses the rest. */
async function writeWhole(file: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at, offset + at)).bytesWritten;
  }
}

async function filesOf(manifest: string): Promise<ReleaseManifest["files"]> {
  try {
    return (JSON.parse(await readFile(manifest, "utf8")) as ReleaseManifest).files;
  } catch {
    return [];
  }
}

async function firstIntact(places: readonly string[], { digest, sizeBytes }: WantedFile): Promise<string | null> {
  for (const path of places) {
    if ((await sizeOf(path)) !== sizeBytes) continue;
    if ((await digestFile(path).catch(() => null)) === digest) return path;
  }
  return null;
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => (found.isFile() ? found.size : null),
    () => null,
  );
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
