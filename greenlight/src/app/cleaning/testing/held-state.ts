import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { CacheEntry } from "../../../engine/blob-store.ts";
import type { StateRig } from "./state-rig.ts";

export interface HeldState {
  readonly runs: readonly string[];
  readonly entries: ReadonlyMap<string, CacheEntry>;
  readonly blobs: ReadonlySet<string>;
  readonly events: readonly {
    runId: string;
    type: string;
    step?: string;
    outcome?: string;
    manifestDigest?: string;
    logDigest?: string;
    at: string;
  }[];
  readonly folders: readonly string[];
}

/** What is in the folder, read without the code under test. */
export function look(rig: StateRig): HeldState {
  const read = (file: string, sql: string): Record<string, unknown>[] => {
    const database = new DatabaseSync(join(rig.folder, file));
    try {
      return database.prepare(sql).all();
    } finally {
      database.close();
    }
  };
  const blobFolder = join(rig.folder, "store/blobs");
  const files = existsSync(blobFolder) ? readdirSync(blobFolder, { recursive: true, encoding: "utf8" }) : [];
  return {
    runs: read("runs.sqlite", "SELECT id FROM runs ORDER BY id").map((row) => String(row["id"])),
    entries: new Map(
      read("work.sqlite", "SELECT key, json FROM cache ORDER BY key").map((row) => [
        String(row["key"]),
        JSON.parse(String(row["json"])) as CacheEntry,
      ]),
    ),
    blobs: new Set([
      ...files.map((path) => path.replace("/", "")).filter((name) => name.length === 64),
      ...read("work.sqlite", "SELECT digest FROM blobs").map((row) => String(row["digest"])),
    ]),
    events: read("runs.sqlite", "SELECT json FROM events ORDER BY run_id, sequence").map((row) =>
      JSON.parse(String(row["json"])),
    ),
    folders: ["runs", "reports"].flatMap((name) =>
      rig.has(name) ? readdirSync(join(rig.folder, name)).map((id) => `${name}/${id}`) : [],
    ),
  };
}
