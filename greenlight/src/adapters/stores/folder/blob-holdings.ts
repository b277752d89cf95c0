import { lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import type { BlobHoldings, HeldBlobFile } from "../../../app/cleaning/holdings.ts";

/** What `temporaryName` makes of a blob's name. */
const TEMPORARY = /^[0-9a-f]{62}\.[0-9a-f]{12}-\d+\.tmp$/u;

/** The folder of a `BlobFolder` as `clean` sees it. */
export class BlobFolderHoldings implements BlobHoldings {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  *list(): Iterable<HeldBlobFile> {
    for (const folder of [dirname(this.#folder), this.#folder]) {
      const kind = kindOf(folder);
      if (kind === "absent") return;
      if (kind !== "folder") {
        yield stranger(folder);
        return;
      }
    }
    for (const shard of readdirSync(this.#folder)) {
      const path = join(this.#folder, shard);
      if (/^[0-9a-f]{2}$/u.test(shard) && kindOf(path) === "folder") yield* this.#shard(shard);
      else yield stranger(path);
    }
  }

  *#shard(shard: string): Iterable<HeldBlobFile> {
    for (const name of readdirSync(join(this.#folder, shard))) {
      const path = join(this.#folder, shard, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      const kind = /^[0-9a-f]{62}$/u.test(name) ? "blob" : TEMPORARY.test(name) ? "temporary" : "stranger";
      if (kind === "stranger" || !stats.isFile()) yield stranger(path);
      else {
        const digest = kind === "blob" ? shard + name : "";
        yield { kind, path, digest, bytes: stats.size, modifiedAt: stats.mtimeMs };
      }
    }
  }

  read(digest: string, limit: number): Uint8Array | null {
    if (!/^[0-9a-f]{64}$/u.test(digest)) return null;
    const path = join(this.#folder, digest.slice(0, 2), digest.slice(2));
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size <= limit ? readFileSync(path) : null;
  }

  remove(path: string): void {
    rmSync(path, { force: true });
  }
}

function kindOf(path: string): "folder" | "absent" | "other" {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "absent" : stats.isDirectory() ? "folder" : "other";
}

function stranger(path: string): HeldBlobFile {
  return { kind: "stranger", path, digest: "", bytes: 0, modifiedAt: 0 };
}
