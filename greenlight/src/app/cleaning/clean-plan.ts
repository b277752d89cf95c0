import type { HeldBlobFile } from "./holdings.ts";
import type { Reason } from "./reasons.ts";
import type { OwnedFolder } from "./state-files.ts";

/** What a clean-up comes to: what goes, in the order in which it goes, and why of the rest what is old stays. */
export interface CleanPlan {
  readonly runs: PlannedRuns;
  readonly results: PlannedResults;
  readonly releases: PlannedReleases;
  readonly blobs: PlannedBlobs;
  /** Logs, reports and lists of findings of runs and deployments that are no more. */
  readonly folders: readonly OwnedFolder[];
  /** Paths of what is not known here and stays. */
  readonly strangers: readonly string[];
}

export interface Old {
  /** A run's id, a step's name. */
  readonly what: string;
  readonly why: readonly Reason[];
}

export interface PlannedRuns {
  readonly removed: readonly {
    readonly id: string;
    readonly pipeline: string;
    readonly startedAt: string;
    readonly outcome: string;
  }[];
  readonly keptCount: number;
  readonly keptOld: readonly Old[];
  /** Of records; logs and reports are among the folders. */
  readonly bytes: number;
}

export interface PlannedResults {
  /** Keys of entries; torn ones among them. */
  readonly removed: readonly string[];
  readonly keptCount: number;
  readonly keptOld: readonly Old[];
  /** What the entries take themselves. */
  readonly bytes: number;
}

export interface PlannedReleases {
  readonly kept: readonly { readonly releaseId: string; readonly why: readonly string[] }[];
  /** Ids of bundled ones that can't be deployed any more without being bundled anew. */
  readonly removed: readonly string[];
}

export interface PlannedBlobs {
  /** Digests of small ones, which lie with the entries. */
  readonly small: readonly string[];
  readonly files: readonly HeldBlobFile[];
  readonly bytes: number;
  /** Nothing refers to them, but they were made just now. */
  readonly youngCount: number;
  readonly keptCount: number;
  readonly keptBytes: number;
}

/** All that goes. */
export function bytesOf({ runs, results, blobs, folders }: CleanPlan): number {
  return runs.bytes + results.bytes + blobs.bytes + folders.reduce((sum, { bytes }) => sum + bytes, 0);
}
