import { z } from "zod";

import { err, ok, type Result } from "../../base/result.ts";
import type { RunEvent } from "../../engine/event.ts";
import type { InlineBlobs } from "./inline-blobs.ts";
import type { Seal } from "./seal.ts";
import type { StoreLayout } from "./store-layout.ts";

/** A run's events in the store: immutable pieces, numbered from 1. A piece may be empty: a new writer fences the old one with it. */
export interface RunChunk {
  readonly schema: 1;
  readonly runId: string;
  readonly number: number;
  /** The writer's epoch; it never falls from one piece to the next. */
  readonly epoch: number;
  readonly events: readonly RunEvent[];
  /** Step → blob of its log. */
  readonly logs: Readonly<Record<string, string>>;
  /** Small ones of these blobs. */
  readonly inline: InlineBlobs;
}

/** What has been read of a run's record so far. */
export interface RunRecord {
  readonly events: readonly RunEvent[];
  readonly logs: Readonly<Record<string, string>>;
  readonly lastChunk: number;
  readonly epoch: number;
}

export const EMPTY_RECORD: RunRecord = { events: [], logs: {}, lastChunk: 0, epoch: 0 };

const digest = z.string().regex(/^[0-9a-f]{64}$/u);
const schema = z.object({
  schema: z.literal(1),
  runId: z.string(),
  number: z.number().int().positive(),
  epoch: z.number().int().positive(),
  events: z.array(z.looseObject({ runId: z.string(), sequence: z.number().int(), at: z.string(), type: z.string() })),
  logs: z.record(z.string(), digest),
  inline: z.record(digest, z.string()),
});

/** The bytes of a piece, signed for its place. */
export function sealChunk(chunk: RunChunk, context: { readonly seal: Seal; readonly layout: StoreLayout }): Uint8Array {
  return context.seal.seal("run-events", context.layout.chunk(chunk.runId, chunk.number), chunk);
}

/**
 * Adds the next piece to a record: it must be signed for this place, and its events must go on where the record ends. Otherwise
 * what is wrong with it. The blobs that it brings are for the caller to keep.
 */
export function addChunk(
  record: RunRecord,
  bytes: Uint8Array,
  context: { readonly runId: string; readonly seal: Seal; readonly layout: StoreLayout },
): Result<RunRecord & { readonly inline: InlineBlobs }, string> {
  const number = record.lastChunk + 1;
  const opened = context.seal.open("run-events", context.layout.chunk(context.runId, number), bytes);
  if (!opened.ok) return opened;
  const parsed = schema.safeParse(opened.value).data;
  if (parsed === undefined) return err("it is of another version");
  if (parsed.runId !== context.runId || parsed.number !== number) return err("it belongs to another place");
  if (parsed.epoch < record.epoch) return err("an older writer made it after a newer one");
  const first = record.events.length + 1;
  const isGapless = parsed.events.every(
    (event, index) => event.sequence === first + index && event.runId === context.runId,
  );
  if (!isGapless) return err("its events do not go on where the piece before it ends");
  return ok({
    // Signed by a trusted run of this project, whose events they are.
    events: [...record.events, ...(parsed.events as readonly unknown[] as readonly RunEvent[])],
    logs: { ...record.logs, ...parsed.logs },
    lastChunk: number,
    epoch: parsed.epoch,
    inline: parsed.inline,
  });
}
