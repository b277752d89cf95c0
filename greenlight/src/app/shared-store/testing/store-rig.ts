import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { BlobFolder } from "../../../adapters/stores/folder/blob-folder.ts";
import { RunDatabase } from "../../../adapters/stores/sqlite/run-database.ts";
import { WorkDatabase } from "../../../adapters/stores/sqlite/work-database.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Problem } from "../../../base/problem.ts";
import { systemClock } from "../../../base/system-clock.ts";
import type { CacheEntry } from "../../../engine/blob-store.ts";
import type { StoreDescriptor } from "../../../pipeline/definition.ts";
import type { RunTrigger } from "../../../pipeline/plan.ts";
import { openSharedStore, type SharedStore } from "../open-shared-store.ts";
import { makeStoreKey, STORE_KEY_VARIABLE } from "../store-keys.ts";

const STORES = join(import.meta.dirname, "../../../adapters/stores");

/** The pair of this test process. */
export const KEY = makeStoreKey();

export interface MachineOptions {
  readonly definition: StoreDescriptor;
  readonly env?: Readonly<Record<string, string>>;
  readonly trigger?: RunTrigger["kind"];
  readonly project?: string;
  readonly clock?: Clock;
  /** Set: the state of an earlier machine, whose run was killed. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
}

/** One machine: its own state folder with the real local stores, and the shared store opened in front of them. */
export class Machine {
  readonly folder: string;
  readonly warnings: Problem[] = [];
  readonly blobs: BlobFolder;
  readonly runs: RunDatabase;
  readonly store: SharedStore;
  readonly #work: WorkDatabase;

  constructor(options: MachineOptions) {
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), "greenlight-machine-"));
    const stateFolder = join(this.folder, ".greenlight");
    mkdirSync(stateFolder, { recursive: true });
    this.blobs = new BlobFolder(join(stateFolder, "blobs"));
    this.#work = new WorkDatabase(join(stateFolder, "work.sqlite"));
    this.runs = new RunDatabase(join(stateFolder, "runs.sqlite"));
    const { module } = options.definition;
    this.store = openSharedStore({
      definition: { ...options.definition, module: `./${relative(this.folder, join(STORES, module, "index.ts"))}` },
      projectFolder: this.folder,
      stateFolder,
      project: options.project ?? "films",
      env: options.env ?? { [STORE_KEY_VARIABLE]: KEY.privateKey },
      trigger: { kind: options.trigger ?? "push" },
      localCache: this.#work.cache,
      localBlobs: this.blobs,
      clock: options.clock ?? systemClock,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onWarning: (found) => this.warnings.push(found),
    });
  }

  /** Keeps a file as the engine does, and tells its digest. */
  async keep(content: string | Uint8Array): Promise<string> {
    const digest = createHash("sha256").update(content).digest("hex");
    const path = join(this.folder, digest.slice(0, 12));
    writeFileSync(path, content);
    await this.store.blobs.putFile(path, digest);
    return digest;
  }

  /** What a step `name` that wrote `content` leaves in the cache. */
  async keepResult(name: string, content: string | Uint8Array): Promise<{ key: string; entry: CacheEntry }> {
    const digest = await this.keep(content);
    const entry: CacheEntry = {
      schema: 1,
      runId: "run1",
      step: name,
      durationMs: 12,
      outputs: { out: [{ path: `out/${name}.txt`, digest, isExecutable: false }] },
      references: [],
      logDigest: await this.keep(`log of ${name}\n`),
    };
    const key = keyOf(name);
    await this.store.cache.put(key, entry);
    return { key, entry };
  }

  codes(): string[] {
    return this.warnings.map((each) => each.code);
  }

  /** Ends like a killed process: nothing is flushed, nothing given back. */
  async die(): Promise<void> {
    await this.store.close();
    await this.runs.close();
    this.#work.close();
  }

  async dispose(): Promise<void> {
    await this.die();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Digest of a step's manifest, made up from its name. */
export function keyOf(name: string): string {
  return createHash("sha256").update(`manifest of ${name}`).digest("hex");
}

/** A store in a folder; `module` names the adapter's folder, which the rig makes a path. */
export function folderDefinition(path: string, publicKey = KEY.publicKey): StoreDescriptor {
  return { kind: "folder", module: "shared-folder", options: { path }, publicKey };
}

export function s3Definition(options: StoreDescriptor["options"], publicKey = KEY.publicKey): StoreDescriptor {
  return { kind: "s3", module: "s3", options, publicKey };
}

/** A clock that runs `factor` times as fast, so that a lease of half a minute is over in a moment. */
export function fastClock(factor: number): Clock {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) * factor,
    sleep: async (ms, signal) => {
      await pause(ms / factor, undefined, signal === undefined ? {} : { signal });
    },
  };
}
