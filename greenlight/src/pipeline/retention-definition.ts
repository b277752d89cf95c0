/**
 * What `greenlight clean` leaves of what runs and deployments left behind. What is in use stays, however old it is. Nothing is
 * removed but by that command.
 */
export interface RetentionPolicy {
  /** A run stays while it is one of the newest `keep`, or was begun less than `days` ago. */
  readonly runs?: { readonly keep?: number; readonly days?: number };
  /**
   * Kept results stay while a run used them less than `days` ago. With `maxBytes` those that were used longest ago go, until
   * the rest takes no more.
   */
  readonly cache?: { readonly days?: number; readonly maxBytes?: number };
  /** How many releases an environment can go back to, counting what is live. */
  readonly releases?: { readonly keep?: number };
}

/** The policy with nothing left out. */
export interface Retention {
  readonly runs: { readonly keep: number; readonly days: number };
  /** `maxBytes` null: as much as there is. */
  readonly cache: { readonly days: number; readonly maxBytes: number | null };
  readonly releases: { readonly keep: number };
}

export const DEFAULT_RETENTION: Retention = {
  runs: { keep: 100, days: 30 },
  cache: { days: 14, maxBytes: null },
  releases: { keep: 5 },
};

/** Fills in what a definition leaves out; null: all of it. */
export function retentionOf(policy: RetentionPolicy | null): Retention {
  const { runs, cache, releases } = DEFAULT_RETENTION;
  return {
    runs: { keep: policy?.runs?.keep ?? runs.keep, days: policy?.runs?.days ?? runs.days },
    cache: { days: policy?.cache?.days ?? cache.days, maxBytes: policy?.cache?.maxBytes ?? cache.maxBytes },
    releases: { keep: policy?.releases?.keep ?? releases.keep },
  };
}
