import { canonicalJson } from "../../base/json.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import type { RunEvent } from "../../engine/event.ts";
import { readRecord, type RecordContext } from "./read-record.ts";
import { sealChunk, type RunRecord } from "./run-chunk.ts";
import { RunLease, type LeaseBody, type LeaseOptions } from "./run-lease.ts";

const FENCE_ATTEMPTS = 20;

/**
 * Makes this machine the run's only writer: takes the lease, then shuts the older writer out by an empty piece of a higher epoch
 * at the record's end. What that one still wrote before is read first, so nothing is lost. Null when the store does not
 * answer; throws RUN_HELD_ELSEWHERE while another machine works on the run.
 */
export async function takeOverRun(
  options: LeaseOptions & RecordContext & { onWait(body: LeaseBody): void },
  known: RunRecord,
): Promise<{ readonly lease: RunLease; readonly record: RunRecord } | null> {
  const taking = await RunLease.take({ ...options, minEpoch: known.epoch });
  if (taking.kind === "off") return null;
  if (taking.kind === "held") throw heldElsewhere(options.runId, taking.body);
  const { lease } = taking;
  let record: RunRecord | null = known;
  for (let attempt = 0; attempt < FENCE_ATTEMPTS; attempt += 1) {
    record = await readRecord(options.runId, options, record);
    if (record === null) return null;
    const fence = { schema: 1, runId: options.runId, number: record.lastChunk + 1, epoch: lease.epoch } as const;
    const key = options.layout.chunk(fence.runId, fence.number);
    const bytes = sealChunk({ ...fence, events: [], logs: {}, inline: {} }, options);
    const answer = await options.guard.insist("write", (store, signal) =>
      store.put(key, bytes, { signal, ifAbsent: true }),
    );
    if (answer.kind === "got" && answer.value.kind === "written")
      return { lease, record: { ...record, lastChunk: fence.number, epoch: lease.epoch } };
    if (answer.kind !== "got") return null;
  }
  return null;
}

/** Two tellings of one run, compared. */
export type Comparison =
  | { readonly kind: "equal" | "local-ahead" | "store-ahead" }
  /** From this sequence on they differ: two machines went on with the run, neither knowing of the other. */
  | { readonly kind: "forked"; readonly sequence: number };

/** Compares the events that this machine has of a run with those of the store. */
export function compareTellings(local: readonly RunEvent[], stored: readonly RunEvent[]): Comparison {
  const common = Math.min(local.length, stored.length);
  for (let index = 0; index < common; index += 1) {
    const [left, right] = [local[index], stored[index]];
    if (JSON.stringify(left) !== JSON.stringify(right) && canonicalJson(left) !== canonicalJson(right))
      return { kind: "forked", sequence: index + 1 };
  }
  if (local.length === stored.length) return { kind: "equal" };
  return { kind: local.length > stored.length ? "local-ahead" : "store-ahead" };
}

export function heldElsewhere(runId: string, body: LeaseBody): ProblemError {
  const message = `${body.holder} is working on it`;
  return new ProblemError([problem("RUN_HELD_ELSEWHERE", { place: `run ${runId}`, message })]);
}
