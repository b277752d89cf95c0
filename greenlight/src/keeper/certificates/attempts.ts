import { join } from "node:path";

import { readJson, writeDurably } from "../../base/durable-file.ts";
import type { EnvironmentFolder } from "../environment-folder.ts";

/** How it went so far to get certificates; on disk, so that no restart makes the authority be asked too often. */
export interface Attempts {
  readonly schema: 1;
  /** The directory that was asked; what another one said does not count. */
  readonly directory: string;
  /** When the last ones began, oldest first, in milliseconds since the epoch. */
  readonly begunAt: readonly number[];
  /** In a row, until now. */
  readonly failureCount: number;
  /** Why the last one failed; null: it did not, or nobody knows how it ended. */
  readonly fault: string | null;
  /** The authority does not want to be asked before, in milliseconds since the epoch; null: it said nothing. */
  readonly retryAt: number | null;
}

const KEPT_COUNT = 20;

export function noAttempts(directory: string): Attempts {
  return { schema: 1, directory, begunAt: [], failureCount: 0, fault: null, retryAt: null };
}

/** Rejects when there is a file that can't be read: to begin anew would forget how often the authority was asked. */
export async function readAttempts(paths: EnvironmentFolder, directory: string): Promise<Attempts> {
  const read = await readJson(pathOf(paths), parse);
  if (!read.ok) throw new Error(`${read.error.place}: ${read.error.message}`);
  return read.value?.directory === directory ? read.value : noAttempts(directory);
}

export async function writeAttempts(paths: EnvironmentFolder, attempts: Attempts): Promise<void> {
  await writeDurably(pathOf(paths), JSON.stringify({ ...attempts, begunAt: attempts.begunAt.slice(-KEPT_COUNT) }));
}

function pathOf({ acme }: EnvironmentFolder): string {
  return join(acme, "attempts.json");
}

function parse(value: unknown): Attempts | null {
  if (typeof value !== "object" || value === null) return null;
  const { schema, directory, begunAt, failureCount, fault, retryAt } = value as Partial<Attempts>;
  const areTimes = Array.isArray(begunAt) && begunAt.every((each) => Number.isSafeInteger(each));
  const isWhole =
    schema === 1 &&
    typeof directory === "string" &&
    areTimes &&
    Number.isSafeInteger(failureCount) &&
    (fault === null || typeof fault === "string") &&
    (retryAt === null || Number.isSafeInteger(retryAt));
  return isWhole ? (value as Attempts) : null;
}
