import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { writeDurably } from "../../../base/durable-file.ts";
import type { CacheEntry, CacheStore } from "../../../engine/blob-store.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/u);

const entrySchema = z.object({
  schema: z.literal(1),
  runId: z.string(),
  step: z.string(),
  durationMs: z.number(),
  outputs: z.record(z.string(), z.array(z.object({ path: z.string(), digest, isExecutable: z.boolean() }))),
  references: z.array(digest),
  logDigest: digest,
});

/** Cache entries as JSON files named by their key. */
export class CacheFolder implements CacheStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(key: string): Promise<CacheEntry | null> {
    let text: string;
    try {
      text = await readFile(this.#path(key), "utf8");
    } catch {
      return null;
    }
    try {
      return entrySchema.parse(JSON.parse(text));
    } catch {
      // A torn or foreign entry is no entry: the step runs and writes it anew.
      return null;
    }
  }

  async put(key: string, entry: CacheEntry): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeDurably(this.#path(key), `${JSON.stringify(entry)}\n`);
  }

  #path(key: string): string {
    if (!/^[0-9a-f]{64}$/u.test(key)) throw new Error(`not a SHA-256: ${key}`);
    return join(this.#folder, `${key}.json`);
  }
}
