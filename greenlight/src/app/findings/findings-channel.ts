import type { Json } from "../../base/json.ts";
import type { UploadLog } from "./upload-log.ts";

/** The port to one code host that shows findings beside the code. `upload` never rejects, and ends soon after its signal is aborted. */
export interface FindingsChannel {
  /** Which place it is, for people: `github shop/films`. */
  readonly name: string;
  /** Where the files of the log lie: the commit and the full name of its branch or pull request. */
  readonly commit: string;
  readonly ref: string;
  /** Safe to repeat: what is uploaded again for the same commit and ref takes the place of what was there. */
  upload(log: UploadLog, signal: AbortSignal): Promise<FindingsAnswer>;
}

export type FindingsAnswer =
  /** It is there, `notes` saying what was left out and why. */
  | { readonly kind: "uploaded"; readonly id: string; readonly resultCount: number; readonly notes: readonly string[] }
  /** Not now: a fault that may pass. */
  | { readonly kind: "later"; readonly why: string; readonly waitMs: number | null }
  | { readonly kind: "refused"; readonly why: string; readonly remedy: string };

/** What the module of a code host exports besides. */
export interface FindingsChannelModule {
  openFindingsChannel(options: {
    readonly options: { readonly [name: string]: Json };
    readonly env: Readonly<Record<string, string | undefined>>;
    /** Of the run, where the environment does not say more. */
    readonly commit: string | null;
    readonly branch: string | null;
  }): FindingsChannel | { readonly unavailableBecause: string };
}
