import type { DatabaseSync, StatementSync } from "node:sqlite";

import type { StepStamp } from "../../../engine/manifests/step-stamp.ts";

export const READ_STAMPS = "SELECT step, subject, needs, json FROM step_stamps WHERE pipeline = ?";
/** By run and step. */
export const END_STAMP =
  "DELETE FROM step_stamps WHERE pipeline = (SELECT pipeline FROM runs WHERE id = ?) AND step = ?";

/** What is only compared stands by itself: the long texts among it need not be parsed. */
const TABLE = `CREATE TABLE IF NOT EXISTS step_stamps (
  pipeline TEXT NOT NULL, step TEXT NOT NULL, subject TEXT NOT NULL, needs TEXT NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (pipeline, step)
) WITHOUT ROWID; DROP TABLE IF EXISTS stamps`;

/** Records that were begun before there were stamps get their table, too. Several processes may open one at once. */
export function makeStampTable(database: DatabaseSync): void {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'step_stamps'").get();
  if (known === undefined) database.exec(TABLE);
}

/** By the prepared READ_STAMPS. Torn or foreign ones are left out. */
export function readStamps(statement: StatementSync, pipeline: string): ReadonlyMap<string, StepStamp> {
  // An object for each of ten thousand rows takes longer than to read them.
  statement.setReturnArrays(true);
  const stamps = new Map<string, StepStamp>();
  for (const row of statement.all(pipeline) as unknown as (readonly unknown[])[]) {
    const stamp = readStamp(row);
    if (stamp !== null) stamps.set(String(row[0]), stamp);
  }
  return stamps;
}

/** What can't be written is not kept: a stamp only saves work. */
export function writeStamps(database: DatabaseSync, pipeline: string, stamps: ReadonlyMap<string, StepStamp>): void {
  try {
    database.exec("BEGIN IMMEDIATE");
    const put = database.prepare("INSERT OR REPLACE INTO step_stamps VALUES (?, ?, ?, ?, ?)");
    for (const [step, { subject, needs, ...rest }] of stamps)
      put.run(pipeline, step, subject, needs, JSON.stringify(rest));
    database.exec("COMMIT");
  } catch {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

function readStamp([, subject, needs, json]: readonly unknown[]): StepStamp | null {
  try {
    const rest = JSON.parse(String(json)) as Partial<StepStamp>;
    const { inputs, outputs, manifestDigest, runId, outputDigests } = rest;
    const isWhole =
      typeof manifestDigest === "string" &&
      typeof runId === "string" &&
      Array.isArray(inputs) &&
      Array.isArray(outputs) &&
      typeof outputDigests === "object";
    return isWhole ? ({ ...rest, subject: String(subject), needs: String(needs) } as StepStamp) : null;
  } catch {
    return null;
  }
}
