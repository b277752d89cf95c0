import { realpathSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Clock } from "../../base/clock.ts";
import { digestText } from "../../base/file-digest.ts";
import type { Problem } from "../../base/problem.ts";
import { ownIdentity } from "../../base/process-identity.ts";
import type { BlobStore, CacheStore } from "../../engine/blob-store.ts";
import { modulePath } from "../../engine/manifests/module-path.ts";
import type { ObjectStore, ObjectStoreModule } from "../../engine/object-store.ts";
import type { StoreDescriptor } from "../../pipeline/definition.ts";
import type { RunTrigger } from "../../pipeline/plan.ts";
import { BlobSender } from "./blob-sender.ts";
import { RunRecords } from "./run-records.ts";
import { Seal } from "./seal.ts";
import { SharedBlobs } from "./shared-blobs.ts";
import { SharedCache } from "./shared-cache.ts";
import { decideAccess } from "./store-access.ts";
import { StoreGuard } from "./store-guard.ts";
import { StoreLayout } from "./store-layout.ts";
import { UploadQueue } from "./upload-queue.ts";

export interface SharedStoreOptions {
  readonly definition: StoreDescriptor;
  readonly projectFolder: string;
  readonly stateFolder: string;
  /** The project's name. */
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trigger: Pick<RunTrigger, "kind">;
  readonly localCache: CacheStore;
  readonly localBlobs: BlobStore;
  readonly clock: Clock;
  /** The run's: when it is cancelled nothing is read any more; the record and `flush` go on. */
  readonly signal?: AbortSignal;
  /** Called at most once for each code; the run goes on. */
  onWarning(problem: Problem): void;
}

export interface SharedStore {
  readonly cache: CacheStore;
  readonly blobs: BlobStore;
  readonly records: RunRecords;
  /** Where it is, for people. */
  readonly place: string;
  /** Why this run only reads; null when it writes too. Worth one line, no warning. */
  readonly readOnlyBecause: string | null;
  /** True once it is left alone, because it did not answer or refuses to be written to. */
  readonly isDown: boolean;
  /** How many results wait for their way to the store. */
  readonly pendingUploads: number;
  /** The same, and those that did not get there. */
  readonly missingUploads: number;
  /** Sends a result that lies in the local cache; nothing when it does not. */
  resend(manifestDigest: string): Promise<void>;
  /** Waits until everything made so far is in the store, at most `limitMs`; tells STORE_BEHIND for what is not. */
  flush(limitMs?: number): Promise<void>;
  /** Ends what is under way. Flush first. */
  close(): Promise<void>;
}

const FLUSH_LIMIT_MS = 5 * 60_000;

/**
 * Opens the definition's shared store in front of the local one. It asks the store nothing yet, and whatever goes wrong with it
 * later is a warning. `stateFolder` must exist. Throws STORE_KEY_INVALID when the definition's public key is no key.
 */
export function openSharedStore(options: SharedStoreOptions): SharedStore {
  const { definition, clock } = options;
  const access = decideAccess({ ...options, publicKey: definition.publicKey });
  const place = `the shared store (${definition.kind})`;
  const ended = new AbortController();
  const guard = new StoreGuard({
    place,
    signal: ended.signal,
    readSignal: options.signal,
    open: () => openObjects(options),
    onWarning: (found) => options.onWarning(found),
  });
  if (access.warning !== null) guard.warn(access.warning);
  const layout = new StoreLayout(options.project);
  const seal = new Seal({ project: options.project, ...access });
  const isWriter = access.privateKey !== null;
  const sender = new BlobSender({ ...options, guard, layout });
  const uploads = new UploadQueue({ ...options, guard, layout, seal, sender, isWriter });
  const scratchFolder = join(options.stateFolder, "tmp");
  const blobs = new SharedBlobs({ local: options.localBlobs, guard, layout, uploads, sender, scratchFolder });
  const cache = new SharedCache({ local: options.localCache, blobs, guard, layout, seal, uploads });
  const records = new RunRecords({
    guard,
    layout,
    seal,
    clock,
    uploads,
    isWriter,
    place,
    localBlobs: options.localBlobs,
    signal: guard.whenOff("read"),
    holder: `process ${process.pid} on ${hostname()}`.slice(0, 300),
    home: homeOf(options.stateFolder),
  });
  return {
    cache,
    blobs,
    records,
    place,
    readOnlyBecause: access.readOnlyBecause,
    get isDown() {
      return guard.isOff("write");
    },
    get pendingUploads() {
      return uploads.pending;
    },
    get missingUploads() {
      return uploads.pending + uploads.leftBehind;
    },
    resend: async (manifestDigest) => {
      const entry = await options.localCache.get(manifestDigest);
      if (entry !== null) uploads.addEntry(manifestDigest, entry);
    },
    flush: (limitMs = FLUSH_LIMIT_MS) => flush(uploads, guard, { limitMs, clock }),
    close: async () => {
      ended.abort();
      await guard.close();
    },
  };
}

async function openObjects(options: SharedStoreOptions): Promise<ObjectStore> {
  const path = modulePath(options.definition.module, options.projectFolder);
  const module = (await import(pathToFileURL(path).href)) as ObjectStoreModule;
  return module.openObjectStore(options.definition.options, options);
}

async function flush(
  uploads: UploadQueue,
  guard: StoreGuard,
  options: { readonly limitMs: number; readonly clock: Clock },
): Promise<void> {
  const done = new AbortController();
  const late = options.clock.sleep(options.limitMs, AbortSignal.any([done.signal, guard.whenOff("write")]));
  await Promise.race([uploads.drain(), late.catch(() => undefined)]);
  done.abort();
  const missing = uploads.pending + uploads.leftBehind;
  if (missing > 0) guard.warnBehind(`${missing} results did not get there`);
}

/**
 * Names this state folder on this very machine, since its start. Of engines with the same name only one can be alive, because
 * a run holds its project: so one that was killed need not be waited for.
 */
function homeOf(stateFolder: string): string {
  const boot = ownIdentity().startTime.split(":")[0] ?? "";
  const { dev, ino, birthtimeMs } = statSync(stateFolder);
  return digestText([hostname(), boot, realpathSync(stateFolder), dev, ino, birthtimeMs].join("\n"));
}
