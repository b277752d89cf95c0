import type { RunEvent, StepEnded } from "./event.ts";
import type { Manifest } from "./manifests/manifest.ts";
import type { StepStamp } from "./manifests/step-stamp.ts";
import type { Outcome } from "./outcome.ts";

/**
 * Port: the runs of one project. Appends are durable when they resolve, all of a call's events or none, and keep their
 * order; reads see every append that resolved before. Two engines may use it at once.
 */
export interface RunStore {
  append(...events: readonly RunEvent[]): Promise<void>;
  /** The run's events in order, those behind sequence `after`; empty for an unknown run. */
  events(runId: string, after?: number): Promise<readonly RunEvent[]>;
  /** Newest first. */
  runs(limit: number): Promise<readonly RunSummary[]>;
  /** The newest success of a step, by any manifest; an allowed failure is none. Null when there is none. */
  lastSuccess(query: SuccessQuery): Promise<Success | null>;
  /** The manifest of the newest success of a step, and its run; cheaper than `lastSuccess`. */
  lastManifest(query: Pick<SuccessQuery, "pipeline" | "step">): Promise<LastManifest | null>;
  saveManifest(digest: string, manifest: Manifest): Promise<void>;
  manifest(digest: string): Promise<Manifest | null>;
  /**
   * Step → its stamp. A success that is recorded without being saved as a stamp afterwards ends the step's stamp. They only
   * save work: what can't be read is left out, and what can't be written is not kept.
   */
  stamps(pipeline: string): Promise<ReadonlyMap<string, StepStamp>>;
  saveStamps(pipeline: string, stamps: ReadonlyMap<string, StepStamp>): Promise<void>;
  /** When `clean` removed the run of this id, or the only one whose id begins so: ISO 8601. Null: it did not, as far as is known. */
  removedAt(named: string): Promise<string | null>;
  close(): Promise<void>;
}

export interface SuccessQuery {
  readonly pipeline: string;
  readonly step: string;
  /** When given, only a success with this manifest counts. */
  readonly manifestDigest?: string;
  /** When given, only a success about this subject counts. */
  readonly subject?: string;
  /** When given, only a success of this run counts. */
  readonly runId?: string;
}

export interface LastManifest {
  readonly runId: string;
  readonly manifestDigest: string | null;
}

export interface Success {
  readonly runId: string;
  readonly at: string;
  readonly ended: StepEnded;
}

export interface RunSummary {
  readonly id: string;
  readonly pipeline: string;
  readonly branch: string | null;
  readonly commit: string | null;
  readonly who: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Milliseconds that its engine took, whatever became of the clock. Null: several engines did. Left out: not known, or not yet. */
  readonly durationMs?: number | null | undefined;
  readonly outcome: Outcome | "running";
  readonly engine: { readonly pid: number; readonly startTime: string };
}
