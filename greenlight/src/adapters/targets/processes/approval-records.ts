import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { createDurably, readJson, writeDurably } from "../../../base/durable-file.ts";
import { problem, type Problem } from "../../../base/problem.ts";
import { err, ok, type Result } from "../../../base/result.ts";
import { parseApproval, type ApprovalRecord } from "../../../deployment/approval.ts";
import type { Place } from "./place.ts";

const READ_LIMIT = 200;

/** Newest first, at most two hundred. An answer that can't be read counts as none: somebody is asked again. */
export async function readApprovals({ paths }: Place): Promise<readonly ApprovalRecord[]> {
  const newest = (await approvalIds(paths.approvals)).slice(0, READ_LIMIT);
  const records = await Promise.all(newest.map((id) => readApproval(paths.approvals, id)));
  return records.filter((record) => record !== null);
}

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

/** Ids of the deployments that were answered; they sort by time, newest first. */
export async function approvalIds(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^[0-9a-z]{16}\.json$/.test(name))
    .map((name) => name.slice(0, -".json".length))
    .toSorted()
    .toReversed();
}

async function readApproval(folder: string, id: string): Promise<ApprovalRecord | null> {
  const record = await readJson(join(folder, `${id}.json`), parseApproval);
  return record.ok && record.value?.deploymentId === id ? record.value : null;
}
