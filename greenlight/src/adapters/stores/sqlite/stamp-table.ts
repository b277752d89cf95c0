import type { DatabaseSync } from "node:sqlite";

import type { StepStamp } from "../../../engine/step-stamp.ts";

export const READ_STAMPS = "SELECT step, json FROM stamps WHERE pipeline = ?";
/** By run and step. */
export const END_STAMP = "DELETE FROM stamps WHERE pipeline = (SELECT pipeline FROM runs WHERE id = ?) AND step = ?";

const TABLE = `CREATE TABLE IF NOT EXISTS stamps (
  pipeline TEXT NOT NULL, step TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (pipeline, step)
) WITHOUT ROWID`;

/** Records that were begun before there were stamps get their table, too. Several processes may open one at once. */
export function makeStampTable(database: DatabaseSync): void {
  if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'stamps'").get() === undefined) database.exec(TABLE);
}

/** Torn or foreign ones are left out. */
export function readStamps(rows: readonly Record<string, unknown>[]): ReadonlyMap<string, StepStamp> {
  const stamps = new Map<string, StepStamp>();
  for (const row of rows) {
    const stamp = readStamp(String(row["json"]));
    if (stamp !== null) stamps.set(String(row["step"]), stamp);
  }
  return stamps;
}

/** What can't be written is not kept: a stamp only saves work. */
export function writeStamps(database: DatabaseSync, pipeline: string, stamps: ReadonlyMap<string, StepStamp>): void {
  try {
    database.exec("BEGIN IMMEDIATE");
    const put = database.prepare("INSERT OR REPLACE INTO stamps VALUES (?, ?, ?)");
    for (const [step, stamp] of stamps) put.run(pipeline, step, JSON.stringify(stamp));
    database.exec("COMMIT");
  } catch {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

function readStamp(text: string): StepStamp | null {
  try {
    const stamp = JSON.parse(text) as Partial<StepStamp>;
    const { subject, needs, inputs, outputs, manifestDigest, runId, outputDigests } = stamp;
    const isWhole =
      [subject, needs, manifestDigest, runId].every((each) => typeof each === "string") &&
      Array.isArray(inputs) &&
      Array.isArray(outputs) &&
      typeof outputDigests === "object";
    return isWhole ? (stamp as StepStamp) : null;
  } catch {
    return null;
  }
}
