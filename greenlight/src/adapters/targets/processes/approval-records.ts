import { stat } from "node:fs/promises";
import { join } from "node:path";

import { createDurably, readJson, writeDurably } from "../../../base/durable-file.ts";
import { problem, type Problem } from "../../../base/problem.ts";
import { err, ok, type Result } from "../../../base/result.ts";
import { parseApproval, type ApprovalRecord } from "../../../deployment/approval.ts";
import type { Place } from "./place.ts";
import { recordIds } from "./record-ids.ts";

const READ_LIMIT = 200;

/**
 * Newest first, at most two hundred. An answer that can't be read counts as none: somebody is asked again. Whoever waits
 * looks here several times a second, so the files are read again only when the folder has changed.
 */
export async function readApprovals(place: Place): Promise<readonly ApprovalRecord[]> {
  const { approvals: folder } = place.paths;
  const changedAt = await stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (changedAt === 0) return [];
  const known = lastRead.get(place);
  if (known?.changedAt === changedAt) return known.records;
  const readAt = Date.now();
  const newest = (await recordIds(folder)).slice(0, READ_LIMIT);
  const read = await Promise.all(newest.map((id) => readApproval(folder, id)));
  const records = read.filter((record) => record !== null);
  // A change within the same tick of the file system's clock would not show.
  if (readAt - changedAt > SETTLED_MS) lastRead.set(place, { changedAt, records });
  return records;
}

const SETTLED_MS = 2000;
const lastRead = new WeakMap<Place, { readonly changedAt: number; readonly records: readonly ApprovalRecord[] }>();

/** One file a deployment; see the port. */
export async function writeApproval(
  { paths }: Place,
  record: ApprovalRecord,
): Promise<Result<ApprovalRecord, readonly Problem[]>> {
  const path = join(paths.approvals, `${record.deploymentId}.json`);
  const text = `${JSON.stringify(record, null, 2)}\n`;
  try {
    if (await createDurably(path, text)) return ok(record);
    const standing = await readApproval(paths.approvals, record.deploymentId);
    const isReplaced = standing === null || (standing.answer === "granted" && record.answer === "rejected");
    if (!isReplaced) return ok(standing);
    await writeDurably(path, text);
    return ok(record);
  } catch (error) {
    return err([problem("STORE_UNWRITABLE", { place: path, message: (error as Error).message })]);
  }
}

async function readApproval(folder: string, id: string): Promise<ApprovalRecord | null> {
  const record = await readJson(join(folder, `${id}.json`), parseApproval);
  return record.ok && record.value?.deploymentId === id ? record.value : null;
}
