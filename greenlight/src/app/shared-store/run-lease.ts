import { randomUUID } from "node:crypto";

import { z } from "zod";

import type { Clock } from "../../base/clock.ts";
import type { StoredObject } from "../../engine/object-store.ts";
import type { Seal } from "./seal.ts";
import type { StoreGuard } from "./store-guard.ts";
import type { StoreLayout } from "./store-layout.ts";

/** A writer renews four times within this span; one that does not is taken for dead. */
export const LEASE_MS = 20_000;
export const RENEW_MS = 5000;
const POLL_MS = 1000;
/** An expiry further back than this can't be a difference between clocks. */
const SURELY_EXPIRED_MS = 5 * 60_000;
const MAX_BYTES = 64 * 1024;
const ATTEMPTS = 10;

const bodySchema = z.object({
  schema: z.literal(1),
  runId: z.string(),
  /** For people. */
  holder: z.string().max(300),
  /** Same text: the same state folder of the same machine, of which one engine at a time holds the project. */
  home: z.string(),
  nonce: z.string(),
  epoch: z.number().int().positive(),
  expiresAt: z.iso.datetime(),
  isReleased: z.boolean(),
});
export type LeaseBody = z.infer<typeof bodySchema>;

export interface LeaseOptions {
  readonly runId: string;
  readonly guard: StoreGuard;
  readonly layout: StoreLayout;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly holder: string;
  readonly home: string;
}

export type Taking =
  | { readonly kind: "taken"; readonly lease: RunLease }
  | { readonly kind: "held"; readonly body: LeaseBody }
  | { readonly kind: "off" };

/**
 * The right to write a run's record: one writer at a time, each with a higher epoch than the one before. It only keeps two machines
 * from working at once; the record itself is safe without it, because each of its chunks can be created only once.
 */
export class RunLease {
  readonly epoch: number;
  readonly #options: LeaseOptions;
  readonly #nonce: string;
  #etag: string;

  private constructor(options: LeaseOptions, taken: { epoch: number; nonce: string; etag: string }) {
    this.#options = options;
    this.epoch = taken.epoch;
    this.#nonce = taken.nonce;
    this.#etag = taken.etag;
  }

  /**
   * Takes the lease with an epoch above `minEpoch`. One that looks held is watched for as long as it would last: a living
   * holder renews it meanwhile. So clocks of two machines are never relied on to agree.
   */
  static async take(options: LeaseOptions & { minEpoch: number; onWait(body: LeaseBody): void }): Promise<Taking> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const found = await readLease(options);
      if (found === "off") return { kind: "off" };
      const seen = found === null ? null : found.body;
      if (seen !== null && !(await isFree(options, seen))) return { kind: "held", body: seen };
      const epoch = Math.max(options.minEpoch, seen?.epoch ?? 0) + 1;
      const nonce = randomUUID();
      const condition = found === null ? { ifAbsent: true as const } : { ifMatch: found.stored.etag };
      const etag = await writeLease(options, { epoch, nonce, isReleased: false }, condition);
      if (etag === "off") return { kind: "off" };
      if (etag !== "conflict") return { kind: "taken", lease: new RunLease(options, { epoch, nonce, etag }) };
    }
    return { kind: "off" };
  }

  /** Holds it for another span. `lost`: somebody with a higher epoch has it. `unknown`: the store did not answer. */
  async renew(): Promise<"held" | "lost" | "unknown"> {
    return this.#write(false);
  }

  /** Gives it back, so that another machine need not wait. */
  async release(): Promise<void> {
    await this.#write(true);
  }

  async #write(isReleased: boolean): Promise<"held" | "lost" | "unknown"> {
    const body = { epoch: this.epoch, nonce: this.#nonce, isReleased };
    const etag = await writeLease(this.#options, body, { ifMatch: this.#etag });
    if (etag === "off") return "unknown";
    if (etag !== "conflict") {
      this.#etag = etag;
      return "held";
    }
    const found = await readLease(this.#options);
    if (found === "off") return "unknown";
    // What nobody signed, or what is gone, takes no right away; nor does our own attempt whose answer got lost.
    const isOurs = found === null || found.body === null || found.body.nonce === this.#nonce;
    if (!isOurs && (found.body?.epoch ?? 0) > this.epoch) return "lost";
    const again = await writeLease(
      this.#options,
      body,
      found === null ? { ifAbsent: true } : { ifMatch: found.stored.etag },
    );
    if (again === "off" || again === "conflict") return "unknown";
    this.#etag = again;
    return "held";
  }
}

/** The lease as it stands, `body` null when nobody trusted signed it; null when there is none. */
export async function readLease(
  options: Pick<LeaseOptions, "runId" | "guard" | "layout" | "seal">,
): Promise<{ readonly stored: StoredObject; readonly body: LeaseBody | null } | null | "off"> {
  const key = options.layout.lease(options.runId);
  const answer = await options.guard.insist("read", (store, signal) => store.get(key, { signal, maxBytes: MAX_BYTES }));
  if (answer.kind !== "got") return "off";
  if (answer.value === null) return null;
  const opened = options.seal.open("run-lease", key, answer.value.bytes);
  const body = opened.ok ? bodySchema.safeParse(opened.value).data : undefined;
  return { stored: answer.value, body: body?.runId === options.runId ? body : null };
}

/** False once the holder has shown a sign of life. */
export async function isFree(
  options: LeaseOptions & { onWait(body: LeaseBody): void },
  seen: LeaseBody,
): Promise<boolean> {
  const { clock } = options;
  if (seen.isReleased || seen.home === options.home) return true;
  if (clock.now() - Date.parse(seen.expiresAt) > SURELY_EXPIRED_MS) return true;
  options.onWait(seen);
  for (let waitedMs = 0; waitedMs < LEASE_MS; waitedMs += POLL_MS) {
    await clock.sleep(POLL_MS, options.signal);
    const now = await readLease(options);
    if (now === "off") return true;
    if (now === null || now.body === null || now.body.isReleased) return true;
    if (now.body.nonce !== seen.nonce || now.body.expiresAt !== seen.expiresAt) return false;
  }
  return true;
}

async function writeLease(
  options: LeaseOptions,
  values: Pick<LeaseBody, "epoch" | "nonce" | "isReleased">,
  condition: { readonly ifAbsent?: true; readonly ifMatch?: string },
): Promise<string> {
  const key = options.layout.lease(options.runId);
  const body: LeaseBody = {
    schema: 1,
    runId: options.runId,
    holder: options.holder,
    home: options.home,
    expiresAt: new Date(options.clock.now() + LEASE_MS).toISOString(),
    ...values,
  };
  const bytes = options.seal.seal("run-lease", key, body);
  const answer = await options.guard.insist("write", (store, signal) =>
    store.put(key, bytes, { signal, ...condition }),
  );
  if (answer.kind !== "got") return "off";
  return answer.value.kind === "written" ? answer.value.etag : "conflict";
}
