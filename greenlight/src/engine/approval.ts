export interface ApprovalRequest {
  readonly environment: string;
  readonly releaseId: string;
  /** The approval holds for this release digest only. */
  readonly digest: string;
  /** What will happen, in a line or two. */
  readonly summary: string;
  /** Milliseconds after which nobody is asked any more; null: no limit. */
  readonly expiresAfterMs: number | null;
}

export type ApprovalAnswer =
  | {
      readonly kind: "granted";
      readonly by: string;
      readonly how: "terminal" | "--yes";
      readonly why: string;
    }
  | {
      readonly kind: "rejected";
      readonly by: string;
      readonly how: "terminal";
      readonly why: string;
    }
  /** Nobody can be asked here: the run ends as `waiting`. */
  | { readonly kind: "waiting" };

/** Port: asks a person. Ends with the signal's reason when aborted. */
export type Approver = (request: ApprovalRequest, signal: AbortSignal) => Promise<ApprovalAnswer>;
