import type { DatabaseSync, StatementSync } from "node:sqlite";

import { problem, ProblemError, type Problem } from "../../../base/problem.ts";
import type { RunEvent, StepEnded } from "../../../engine/event.ts";
import type { Manifest } from "../../../engine/manifests/manifest.ts";
import type { StepStamp } from "../../../engine/manifests/step-stamp.ts";
import { isSuccess } from "../../../engine/outcome.ts";
import type { LastManifest, RunStore, RunSummary, Success, SuccessQuery } from "../../../engine/run-store.ts";
import { readRemovedAt } from "./removed-runs.ts";
import { openRunRecord } from "./run-schema.ts";
import { END_STAMP, READ_STAMPS, readStamps, writeStamps } from "./stamp-table.ts";

/** Milliseconds that a read or write waits while another process holds the file. */
const BUSY_MS = 5000;

type Value = string | number | null;

/** The run store in one SQLite file, in WAL mode so that readers never block the engine. */
export class RunDatabase implements RunStore {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();
  /** Put down with the next events: a manifest means nothing before the step that took it is recorded. */
  readonly #manifests = new Map<string, Manifest>();
  /** Step → what `lastManifest` answered; a run of one pipeline asks before it records the step's end. */
  readonly #lastManifests = new Map<string, string | null>();

  /**
   * Opens or creates the file; `busyMs` is how long another process may hold it. Throws a ProblemError when it can't be
   * read or written.
   */
  constructor(path: string, options: { readonly busyMs?: number } = {}) {
    this.#path = path;
    try {
      this.#database = openRunRecord(path, options.busyMs ?? BUSY_MS);
    } catch (error) {
      throw storeError(path, error);
    }
  }

  async append(...events: readonly RunEvent[]): Promise<void> {
    const database = this.#database;
    try {
      database.exec("BEGIN IMMEDIATE");
      this.#insertManifests();
      for (const event of events) this.#insert(event);
      database.exec("COMMIT");
      this.#manifests.clear();
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw storeError(this.#path, error);
    }
  }

  #insert(event: RunEvent): void {
    this.#run("INSERT INTO events VALUES (?, ?, ?)", event.runId, event.sequence, JSON.stringify(event));
    switch (event.type) {
      case "run-started": {
        const { runId, pipeline, at, trigger, engine } = event;
        const started = JSON.stringify({ trigger, engine });
        this.#run("INSERT INTO runs VALUES (?, ?, ?, NULL, NULL, ?)", runId, pipeline, at, started);
        break;
      }
      case "run-resumed": {
        const engine = JSON.stringify(event.engine);
        const sql =
          "UPDATE runs SET ended_at = NULL, outcome = NULL, started = json_set(started, '$.engine', json(?), '$.durationMs', NULL) WHERE id = ?";
        this.#run(sql, engine, event.runId);
        break;
      }
      case "run-ended":
        this.#run(
          // Not of one that was resumed: its last engine took only a part of the time.
          "UPDATE runs SET ended_at = ?, outcome = ?, started = json_insert(started, '$.durationMs', ?) WHERE id = ?",
          event.at,
          event.outcome,
          event.durationMs,
          event.runId,
        );
        break;
      case "step-ended": {
        if (!isSuccess(event.outcome) || event.isAllowedFailure) break;
        const { step, manifestDigest, subject, runId, sequence } = event;
        // The same result from the cache once more says nothing new: the success that made it stays the last one.
        if (event.isFromCache && manifestDigest !== null && this.#lastManifests.get(step) === manifestDigest) break;
        const sql =
          "INSERT INTO successes (pipeline, step, manifest_digest, subject, run_id, sequence) SELECT pipeline, ?, ?, ?, id, ? FROM runs WHERE id = ?";
        this.#run(sql, step, manifestDigest, subject, sequence, runId);
        // What it says is no longer the last word.
        this.#run(END_STAMP, runId, step);
        break;
      }
      default:
    }
  }

  async events(runId: string, after = 0): Promise<readonly RunEvent[]> {
    const rows = this.#all("SELECT json FROM events WHERE run_id = ? AND sequence > ? ORDER BY sequence", runId, after);
    return rows.map((row) => this.#parse<RunEvent>(row["json"]));
  }

  async runs(limit: number): Promise<readonly RunSummary[]> {
    const rows = this.#all("SELECT * FROM runs ORDER BY started_at DESC, id DESC LIMIT ?", limit);
    return rows.map((row) => {
      const started = this.#parse<{
        trigger?: { branch: string | null; commit: string | null; who: string };
        engine: RunSummary["engine"];
        durationMs?: number | null;
      }>(row["started"]);
      if (started?.trigger === undefined) throw storeError(this.#path, new Error("a record in it is corrupt"));
      return {
        id: String(row["id"]),
        pipeline: String(row["pipeline"]),
        branch: started.trigger.branch,
        commit: started.trigger.commit,
        who: started.trigger.who,
        startedAt: String(row["started_at"]),
        endedAt: row["ended_at"] === null ? null : String(row["ended_at"]),
        durationMs: started.durationMs,
        outcome: row["outcome"] === null ? "running" : (String(row["outcome"]) as RunSummary["outcome"]),
        engine: started.engine,
      };
    });
  }

  async lastSuccess(query: SuccessQuery): Promise<Success | null> {
    const { pipeline, step, manifestDigest = null, subject = null, runId = null } = query;
    const row = this.#get(
      `SELECT s.run_id, s.sequence, e.json FROM successes s JOIN events e ON e.run_id = s.run_id AND e.sequence = s.sequence
       WHERE s.pipeline = ? AND s.step = ? AND (? IS NULL OR s.manifest_digest = ?) AND (? IS NULL OR s.subject = ?)
       AND (? IS NULL OR s.run_id = ?) ORDER BY s.id DESC LIMIT 1`,
      pipeline,
      step,
      manifestDigest,
      manifestDigest,
      subject,
      subject,
      runId,
      runId,
    );
    if (row === undefined) return null;
    const ended = this.#parse<StepEnded & { readonly at: string }>(row["json"]);
    return { runId: String(row["run_id"]), at: ended.at, ended };
  }

  async lastManifest({ pipeline, step }: Pick<SuccessQuery, "pipeline" | "step">): Promise<LastManifest | null> {
    const row = this.#get(
      "SELECT run_id, manifest_digest FROM successes WHERE pipeline = ? AND step = ? ORDER BY id DESC LIMIT 1",
      pipeline,
      step,
    );
    if (row === undefined) return null;
    const manifestDigest = row["manifest_digest"] === null ? null : String(row["manifest_digest"]);
    this.#lastManifests.set(step, manifestDigest);
    return { runId: String(row["run_id"]), manifestDigest };
  }

  async saveManifest(digest: string, manifest: Manifest): Promise<void> {
    this.#manifests.set(digest, manifest);
  }

  #insertManifests(): void {
    for (const [digest, manifest] of this.#manifests) {
      this.#run("INSERT OR IGNORE INTO manifests VALUES (?, ?)", digest, JSON.stringify(manifest));
    }
  }

  async manifest(digest: string): Promise<Manifest | null> {
    const waiting = this.#manifests.get(digest);
    if (waiting !== undefined) return waiting;
    const row = this.#get("SELECT json FROM manifests WHERE digest = ?", digest);
    return row === undefined ? null : this.#parse<Manifest>(row["json"]);
  }

  async stamps(pipeline: string): Promise<ReadonlyMap<string, StepStamp>> {
    const stamps = this.#read(() => readStamps(this.#prepare(READ_STAMPS), pipeline));
    for (const [step, { manifestDigest }] of stamps) this.#lastManifests.set(step, manifestDigest);
    return stamps;
  }

  async saveStamps(pipeline: string, stamps: ReadonlyMap<string, StepStamp>): Promise<void> {
    if (stamps.size > 0) writeStamps(this.#database, pipeline, stamps);
  }

  async removedAt(named: string): Promise<string | null> {
    return readRemovedAt(this.#database, named);
  }

  async close(): Promise<void> {
    // A manifest that no event followed is still worth keeping, but not worth failing for.
    if (this.#manifests.size > 0) await this.append().catch(() => undefined);
    this.#database.close();
  }

  #parse<Record>(text: unknown): Record {
    try {
      return JSON.parse(String(text)) as Record;
    } catch (error) {
      throw storeError(this.#path, new Error("a record in it is corrupt", { cause: error }));
    }
  }

  #run(sql: string, ...values: readonly Value[]): void {
    this.#prepare(sql).run(...values);
  }

  #get(sql: string, ...values: readonly Value[]): Record<string, unknown> | undefined {
    return this.#read(() => this.#prepare(sql).get(...values));
  }

  #all(sql: string, ...values: readonly Value[]): Record<string, unknown>[] {
    return this.#read(() => this.#prepare(sql).all(...values));
  }

  #read<Answer>(read: () => Answer): Answer {
    try {
      return read();
    } catch (error) {
      throw storeError(this.#path, error);
    }
  }

  /** Preparing costs as much as running, so each statement is prepared once. */
  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#database.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

/** As a ProblemError that says what helps. */
export function storeError(place: string, error: unknown): ProblemError {
  const message = error instanceof Error ? error.message : String(error);
  return new ProblemError([describe(place, message)], { cause: error });
}

function describe(place: string, message: string): Problem {
  if (/malformed|not a database|corrupt|no such (?:table|column)|has no column|datatype mismatch/iu.test(message)) {
    const remedy = "move the file away; the history of runs is lost with it, the cache and the environments are not";
    return problem("STORE_UNREADABLE", { place, message, remedy });
  }
  if (message.startsWith("a newer version")) {
    return problem("STORE_UNREADABLE", { place, message, remedy: "use that version here, too, or move the file away" });
  }
  if (/is locked|is busy/iu.test(message)) {
    const remedy = "end the process that holds it, or wait for that, then go on: greenlight resume";
    return problem("STORE_UNWRITABLE", { place, message: `${message} by another process`, remedy });
  }
  // Each event's number is taken once.
  if (/UNIQUE constraint failed/iu.test(message)) {
    return problem("RUN_IN_PROGRESS", { place, message: "another engine goes on with this very run" });
  }
  return problem("STORE_UNWRITABLE", { place, message });
}
