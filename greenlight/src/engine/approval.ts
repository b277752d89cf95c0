export interface ApprovalRequest {
  readonly environment: string;
  readonly releaseId: string;
  /** The approval holds for this release digest only. */
  readonly digest: string;
  /** What will happen, in a line or two. */
  readonly summary: string;
  /** ISO 8601, UTC: after it nobody is asked any more; null: no limit. */
  readonly expiresAt: string | null;
  /** What was answered before, wherever that was; null: nothing that counts. */
  standing(): Promise<ApprovalAnswer | null>;
  /** Resolves when another process has answered, or to `waiting` when the time is over; rejects when aborted. */
  answeredElsewhere(signal: AbortSignal): Promise<ApprovalAnswer>;
  /** Keeps an answer where all answers are; resolves to the one that stands, which is another when somebody was faster. */
  record(answer: ApprovalAnswer): Promise<ApprovalAnswer>;
}

export type ApprovalAnswer =
  | {
      readonly kind: "granted";
      readonly by: string;
      readonly how: ApprovalMeans;
      readonly why: string;
    }
  | {
      readonly kind: "rejected";
      readonly by: string;
      readonly how: ApprovalMeans;
      readonly why: string;
    }
  /** Nobody can be asked here: the run ends as `waiting`. */
  | { readonly kind: "waiting" };

/** `command`: given by `greenlight approve` or `reject`, in another process. `code-host`: by its protection of the environment. */
type ApprovalMeans = "terminal" | "--yes" | "command" | "code-host";

/**
 * Port: asks a person, unless an answer stands already. Only what `record` resolves to, or what was given elsewhere, counts.
 * Ends with the signal's reason when aborted.
 */
export type Approver = (request: ApprovalRequest, signal: AbortSignal) => Promise<ApprovalAnswer>;
