import type { Retention } from "../../pipeline/retention-definition.ts";
import type { Reason } from "./reasons.ts";

const DAY_MS = 86_400_000;

export interface EntryFacts {
  readonly key: string;
  readonly step: string;
  /** When a run last took it or made it, in milliseconds since the epoch. */
  readonly lastUsedAt: number;
  /** Digests of the blobs without which it does not hold. */
  readonly blobs: readonly string[];
}

export interface EntryDecision<Entry extends EntryFacts> {
  readonly kept: readonly Entry[];
  /** Those of the kept that only stay because something needs them. */
  readonly keptOld: readonly { readonly entry: Entry; readonly why: readonly Reason[] }[];
  readonly removed: readonly Entry[];
  /** What the blobs of the kept ones take together. */
  readonly bytes: number;
}

/**
 * Which kept results stay: those that something needs, and those that were used within `days`, as far as they fit into
 * `maxBytes`; used longest ago goes first. `needed`: key → by what.
 */
export function decideEntries<Entry extends EntryFacts>(
  entries: readonly Entry[],
  by: {
    readonly policy: Retention["cache"];
    readonly now: number;
    readonly needed: ReadonlyMap<string, readonly Reason[]>;
    /** Bytes of a blob; 0 for one that is not there. */
    sizeOf(digest: string): number;
  },
): EntryDecision<Entry> {
  const { policy, now, needed, sizeOf } = by;
  const isYoung = ({ lastUsedAt }: Entry): boolean => !(lastUsedAt <= now - policy.days * DAY_MS);
  const rooted = entries.filter(({ key }) => needed.has(key));
  const young = entries.filter((entry) => !needed.has(entry.key) && isYoung(entry));
  const sum = new BlobSum(sizeOf);
  for (const entry of [...rooted, ...young]) sum.add(entry);
  const dropped = new Set<string>();
  const limit = policy.maxBytes ?? Infinity;
  for (const entry of young.toSorted((a, b) => a.lastUsedAt - b.lastUsedAt)) {
    if (sum.bytes <= limit) break;
    sum.drop(entry);
    dropped.add(entry.key);
  }
  const isKept = (entry: Entry): boolean => needed.has(entry.key) || (isYoung(entry) && !dropped.has(entry.key));
  return {
    kept: entries.filter(isKept),
    keptOld: rooted.filter((entry) => !isYoung(entry)).map((entry) => ({ entry, why: needed.get(entry.key) ?? [] })),
    removed: entries.filter((entry) => !isKept(entry)),
    bytes: sum.bytes,
  };
}

/** Bytes of blobs that several entries may share. */
class BlobSum {
  bytes = 0;
  readonly #counts = new Map<string, number>();
  readonly #sizeOf: (digest: string) => number;

  constructor(sizeOf: (digest: string) => number) {
    this.#sizeOf = sizeOf;
  }

  add({ blobs }: EntryFacts): void {
    for (const digest of new Set(blobs)) {
      const count = this.#counts.get(digest) ?? 0;
      if (count === 0) this.bytes += this.#sizeOf(digest);
      this.#counts.set(digest, count + 1);
    }
  }

  drop({ blobs }: EntryFacts): void {
    for (const digest of new Set(blobs)) {
      const count = (this.#counts.get(digest) ?? 1) - 1;
      if (count === 0) this.bytes -= this.#sizeOf(digest);
      this.#counts.set(digest, count);
    }
  }
}
