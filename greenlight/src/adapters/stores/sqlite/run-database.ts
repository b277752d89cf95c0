import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { problem, ProblemError } from "../../../base/problem.ts";
import type { RunEvent, StepEnded } from "../../../engine/event.ts";
import type { Manifest } from "../../../engine/manifest.ts";
import { isSuccess } from "../../../engine/outcome.ts";
import type { RunStore, RunSummary, Success, SuccessQuery } from "../../../engine/run-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    run_id TEXT NOT NULL, sequence INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (run_id, sequence)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, outcome TEXT, started TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS successes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline TEXT NOT NULL, step TEXT NOT NULL, manifest_digest TEXT, subject TEXT,
    run_id TEXT NOT NULL, at TEXT NOT NULL, json TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS successes_by_step ON successes (pipeline, step, id);
  CREATE TABLE IF NOT EXISTS manifests (digest TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
`;

/** The run store in one SQLite file, in WAL mode so that readers never block the engine. */
export class RunDatabase implements RunStore {
  readonly #database: DatabaseSync;

  /** Opens or creates the file. Throws a ProblemError when it can't be read or written. */
  constructor(path: string) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#database = new DatabaseSync(path, { timeout: 5000 });
      this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
      this.#database.exec(SCHEMA);
    } catch (error) {
      throw storeError(path, error);
    }
  }

  async append(event: RunEvent): Promise<void> {
    const database = this.#database;
    database.exec("BEGIN IMMEDIATE");
    try {
      this.#run("INSERT INTO events VALUES (?, ?, ?)", event.runId, event.sequence, JSON.stringify(event));
      if (event.type === "run-started") {
        this.#run(
          "INSERT INTO runs VALUES (?, ?, ?, NULL, NULL, ?)",
          event.runId,
          event.pipeline,
          event.at,
          JSON.stringify({ trigger: event.trigger, engine: event.engine }),
        );
      } else if (event.type === "run-ended") {
        this.#run("UPDATE runs SET ended_at = ?, outcome = ? WHERE id = ?", event.at, event.outcome, event.runId);
      } else if (event.type === "step-ended" && isSuccess(event.outcome)) {
        this.#run(
          "INSERT INTO successes (pipeline, step, manifest_digest, subject, run_id, at, json) SELECT pipeline, ?, ?, ?, ?, ?, ? FROM runs WHERE id = ?",
          event.step,
          event.manifestDigest,
          event.subject,
          event.runId,
          event.at,
          JSON.stringify(event),
          event.runId,
        );
      }
      database.exec("COMMIT");
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw storeError("the run store", error);
    }
  }

  async events(runId: string): Promise<readonly RunEvent[]> {
    const rows = this.#database.prepare("SELECT json FROM events WHERE run_id = ? ORDER BY sequence").all(runId);
    return rows.map((row) => JSON.parse(String(row["json"])) as RunEvent);
  }

  async runs(limit: number): Promise<readonly RunSummary[]> {
    const rows = this.#database.prepare("SELECT * FROM runs ORDER BY started_at DESC, id DESC LIMIT ?").all(limit);
    return rows.map((row) => {
      const started = JSON.parse(String(row["started"])) as {
        trigger: { branch: string | null; commit: string | null; who: string };
        engine: RunSummary["engine"];
      };
      return {
        id: String(row["id"]),
        pipeline: String(row["pipeline"]),
        branch: started.trigger.branch,
        commit: started.trigger.commit,
        who: started.trigger.who,
        startedAt: String(row["started_at"]),
        endedAt: row["ended_at"] === null ? null : String(row["ended_at"]),
        outcome: row["outcome"] === null ? "running" : (String(row["outcome"]) as RunSummary["outcome"]),
        engine: started.engine,
      };
    });
  }

  async lastSuccess(query: SuccessQuery): Promise<Success | null> {
    const row = this.#database
      .prepare(
        `SELECT run_id, at, json FROM successes WHERE pipeline = ? AND step = ?
         AND (? IS NULL OR manifest_digest = ?) AND (? IS NULL OR subject = ?) ORDER BY id DESC LIMIT 1`,
      )
      .get(
        query.pipeline,
        query.step,
        query.manifestDigest ?? null,
        query.manifestDigest ?? null,
        query.subject ?? null,
        query.subject ?? null,
      );
    if (row === undefined) return null;
    return {
      runId: String(row["run_id"]),
      at: String(row["at"]),
      ended: JSON.parse(String(row["json"])) as StepEnded,
    };
  }

  async saveManifest(digest: string, manifest: Manifest): Promise<void> {
    this.#run("INSERT OR IGNORE INTO manifests VALUES (?, ?)", digest, JSON.stringify(manifest));
  }

  async manifest(digest: string): Promise<Manifest | null> {
    const row = this.#database.prepare("SELECT json FROM manifests WHERE digest = ?").get(digest);
    return row === undefined ? null : (JSON.parse(String(row["json"])) as Manifest);
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): void {
    this.#database.prepare(sql).run(...values);
  }
}

function storeError(place: string, error: unknown): ProblemError {
  const message = error instanceof Error ? error.message : String(error);
  const isDamaged = /malformed|not a database|corrupt/iu.test(message);
  return new ProblemError([problem(isDamaged ? "STORE_UNREADABLE" : "STORE_UNWRITABLE", { place, message })], {
    cause: error,
  });
}
