import { problem, ProblemError } from "../../base/problem.ts";
import type { BlobStore } from "../../engine/blob-store.ts";
import { isManifestOf, type Manifest } from "../../engine/manifests/manifest.ts";
import { keepInline } from "./inline-blobs.ts";
import { addChunk, EMPTY_RECORD, type RunRecord } from "./run-chunk.ts";
import type { Seal } from "./seal.ts";
import type { StoreGuard } from "./store-guard.ts";
import type { StoreLayout } from "./store-layout.ts";

/** A piece is closed at a megabyte, but one event may be larger. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;
const MAX_CHUNKS = 100_000;
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 8;

export interface RecordContext {
  readonly guard: StoreGuard;
  readonly layout: StoreLayout;
  readonly seal: Seal;
  readonly localBlobs: BlobStore;
}

/**
 * Reads what the store holds of a run, behind `known`; small logs are kept among the local blobs. Null when the store does not answer. Throws STORE_ENTRY_REFUSED when a
 * piece is missing, unsigned or out of order: a run can't go on from a record that was tampered with.
 */
export async function readRecord(
  runId: string,
  context: RecordContext,
  known: RunRecord = EMPTY_RECORD,
): Promise<RunRecord | null> {
  const { guard, layout } = context;
  const prefix = layout.chunks(runId);
  const after = known.lastChunk === 0 ? {} : { after: layout.chunk(runId, known.lastChunk) };
  const listed = await guard.insist("read", (store, signal) =>
    store.list(prefix, { signal, limit: MAX_CHUNKS, ...after }),
  );
  if (listed.kind !== "got") return null;
  let record = known;
  for (let start = 0; start < listed.value.length; start += AT_ONCE) {
    const keys = listed.value.slice(start, start + AT_ONCE);
    const answers = await Promise.all(
      keys.map((key) => guard.insist("read", (store, signal) => store.get(key, { signal, maxBytes: MAX_CHUNK_BYTES }))),
    );
    for (const [index, answer] of answers.entries()) {
      const key = keys[index] ?? prefix;
      if (answer.kind === "refused") throw refused(key, answer.problem.message);
      if (answer.kind !== "got") return null;
      if (key !== layout.chunk(runId, record.lastChunk + 1) || answer.value === null)
        throw refused(prefix, `piece ${record.lastChunk + 1} of the record is missing`);
      const added = addChunk(record, answer.value.bytes, { runId, ...context });
      if (!added.ok) throw refused(key, added.error);
      const { inline, ...rest } = added.value;
      if (!(await keepInline(inline, context.localBlobs))) throw refused(key, "a log in it has another digest");
      record = rest;
    }
  }
  return record;
}

/**
 * The manifests that a record speaks of, as far as the store has them; each is verified by its digest. They only
 * explain (`why`), so one that is missing or damaged is left out.
 */
export async function readManifests(
  record: RunRecord,
  context: RecordContext,
  isKnown: (digest: string) => Promise<boolean>,
): Promise<ReadonlyMap<string, Manifest>> {
  const wanted = new Set(
    record.events.flatMap((event) =>
      event.type === "step-ended" && event.manifestDigest !== null ? [event.manifestDigest] : [],
    ),
  );
  const found = new Map<string, Manifest>();
  const queue = wanted.values();
  const readNext = async (): Promise<void> => {
    for (const digest of queue) {
      if (await isKnown(digest)) continue;
      const manifest = await readManifest(digest, context);
      if (manifest !== null) found.set(digest, manifest);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, readNext));
  return found;
}

async function readManifest(digest: string, { guard, layout }: RecordContext): Promise<Manifest | null> {
  const key = layout.manifest(digest);
  const answer = await guard.read((store, signal) => store.get(key, { signal, maxBytes: MAX_MANIFEST_BYTES }));
  if (answer.kind !== "got" || answer.value === null) return null;
  try {
    const manifest = JSON.parse(Buffer.from(answer.value.bytes).toString("utf8")) as Manifest;
    if (isManifestOf(manifest, digest)) return manifest;
  } catch {
    // Told below, as any other damage.
  }
  const message = "its content has another digest; it was not used";
  guard.warn(problem("STORE_ENTRY_REFUSED", { place: key, message }));
  return null;
}

function refused(place: string, message: string): ProblemError {
  return new ProblemError([problem("STORE_ENTRY_REFUSED", { place, message })]);
}
