import { DatabaseSync } from "node:sqlite";

import type { HeldStepEnd, HeldSuccess, RunHoldings } from "../../../app/cleaning/holdings.ts";
import { compactDatabase } from "./compact-database.ts";
import { FORGET_REMOVED, MAKE_REMOVED } from "./removed-runs.ts";
import { storeError } from "./run-database.ts";

const LAST_SUCCESSES = `SELECT pipeline, step, run_id, manifest_digest FROM successes
  WHERE id IN (SELECT max(id) FROM successes GROUP BY pipeline, step)`;
const STEP_ENDS = `SELECT json ->> '$.manifestDigest' AS manifest, json ->> '$.logDigest' AS log, json ->> '$.at' AS at FROM events
  WHERE run_id = ? AND json ->> '$.type' = 'step-ended'`;
const SIZES = "SELECT run_id, sum(octet_length(json)) AS bytes FROM events GROUP BY run_id";
const ORPHANS = `
  DELETE FROM step_stamps WHERE CASE WHEN json_valid(json) THEN json ->> '$.runId' ELSE '' END NOT IN (SELECT id FROM runs);
  DELETE FROM manifests WHERE digest NOT IN (
    SELECT json ->> '$.manifestDigest' FROM events
      WHERE json ->> '$.type' = 'step-ended' AND json ->> '$.manifestDigest' IS NOT NULL
    UNION SELECT json ->> '$.manifestDigest' FROM step_stamps WHERE json ->> '$.manifestDigest' IS NOT NULL)`;

/** The record of runs as `clean` sees it, by a connection of its own. The file must be one that `RunDatabase` has opened. */
export class RunRecordHoldings implements RunHoldings {
  readonly #database: DatabaseSync;
  readonly #path: string;

  /** Throws a ProblemError when the file can't be had. */
  constructor(path: string) {
    this.#path = path;
    this.#database = this.#do(() => new DatabaseSync(path, { timeout: 5000 }));
  }

  lastSuccesses(): readonly HeldSuccess[] {
    return this.#all(LAST_SUCCESSES).map((row) => ({
      pipeline: String(row["pipeline"]),
      step: String(row["step"]),
      runId: String(row["run_id"]),
      manifestDigest: textOf(row["manifest_digest"]),
    }));
  }

  stepEnds(runId: string): readonly HeldStepEnd[] {
    return this.#all(STEP_ENDS, runId).map((row) => ({
      manifestDigest: textOf(row["manifest"]),
      logDigest: textOf(row["log"]),
      endedAt: Date.parse(String(row["at"])),
    }));
  }

  sizes(): ReadonlyMap<string, number> {
    return new Map(this.#all(SIZES).map((row) => [String(row["run_id"]), Number(row["bytes"])]));
  }

  remove(runIds: readonly string[], at: string): void {
    this.#atOnce(() => {
      this.#database.exec(MAKE_REMOVED);
      const note = this.#database.prepare("INSERT OR REPLACE INTO removed_runs VALUES (?, ?)");
      const removals = [
        "DELETE FROM runs WHERE id = ?",
        "DELETE FROM successes WHERE run_id = ?",
        "DELETE FROM events WHERE run_id = ?",
      ].map((sql) => this.#database.prepare(sql));
      for (const id of runIds) {
        note.run(id, at);
        for (const each of removals) each.run(id);
      }
      this.#database.exec(FORGET_REMOVED);
    });
  }

  removeOrphans(): void {
    this.#atOnce(() => this.#database.exec(ORPHANS));
  }

  compact(): void {
    compactDatabase(this.#database);
  }

  close(): void {
    this.#database.close();
  }

  #all(sql: string, ...values: readonly string[]): Record<string, unknown>[] {
    return this.#do(() => this.#database.prepare(sql).all(...values));
  }

  #atOnce(change: () => void): void {
    this.#do(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        change();
        this.#database.exec("COMMIT");
      } finally {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      }
    });
  }

  #do<Answer>(ask: () => Answer): Answer {
    try {
      return ask();
    } catch (error) {
      throw storeError(this.#path, error);
    }
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
