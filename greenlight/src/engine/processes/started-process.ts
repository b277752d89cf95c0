import type { Result } from "../../base/result.ts";
import type { MergedFilter } from "../steps/masking.ts";

/** A program to start in a process group of its own. Its standard input is empty. */
export interface ProgramCall {
  readonly file: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it writes is appended here, in the order of arrival. */
  readonly logPath: string;
  /** What it bears as a limit and hands on (`base/limit-tag.ts`), where the system can do that. */
  readonly tag: string;
  /** Makes the filter of its two streams; null: the program writes straight into the file. */
  readonly mask: (() => MergedFilter) | null;
}

export interface StartedProcess {
  /** Leader of the group. */
  readonly pid: number;
  /** Resolves when the leader has ended. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Resolves when what was written has reached the log, after `limitMs` at the latest; to why it did not, or null. */
  drain(limitMs: number): Promise<string | null>;
  /** Lets go of it, should it never be known to have ended. */
  abandon(): void;
}

export interface ProcessEnd {
  /** Null when a signal ended it. By way of a shell, signal N counts as 128 + N, as in every shell. */
  readonly exitCode: number | null;
  readonly signalName: string | null;
  /** False: nobody is left in its group. */
  readonly mayHaveLeft: boolean;
  /** Set when it was not run after all. */
  readonly failure: StartFailure | null;
}

export interface StartFailure {
  readonly kind: "not-started" | "log-failed";
  /** The system's message. */
  readonly message: string;
}

export type StartResult = Result<StartedProcess, StartFailure>;
