import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { createDurably, readJson, writeWhole } from "../../base/durable-file.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import { isProcessIdentity, isSameProcess, ownIdentity, type ProcessIdentity } from "../../base/process-identity.ts";

interface CancelRequest {
  readonly by: string;
  readonly why: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Whom it is for: a run may go on in another engine later, and this is not meant for that one. */
  readonly engine: ProcessIdentity;
  readonly sender: ProcessIdentity;
  readonly isSent: boolean;
}

/**
 * Asks the engine of a run to cancel it: leaves who and why where it looks, then sends it TERM, once, because a second one
 * would end it at once. `gone`: that process does not run. Throws RUN_NOT_CLOSED when it belongs to somebody else.
 */
export async function requestCancel(
  stateFolder: string,
  run: { readonly id: string; readonly engine: ProcessIdentity },
  asked: { readonly by: string; readonly why: string },
): Promise<"asked" | "asked before" | "gone"> {
  const { engine } = run;
  const path = requestPath(stateFolder, run.id);
  const request: CancelRequest = {
    ...asked,
    at: new Date().toISOString(),
    engine: { pid: engine.pid, startTime: engine.startTime },
    sender: ownIdentity(),
    isSent: false,
  };
  while (!(await createDurably(path, JSON.stringify(request)))) {
    const standing = await readJson(path, parseRequest);
    if (standing.ok && standing.value !== null && isFor(standing.value, engine)) {
      if (!isSameProcess(engine)) return "gone";
      if (standing.value.isSent || isSameProcess(standing.value.sender)) return "asked before";
    }
    // Torn, for an engine of before, or of a sender that died before it could send.
    await rm(path, { force: true });
  }
  if (!isSameProcess(engine)) return "gone";
  try {
    process.kill(engine.pid, "SIGTERM");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return "gone";
    await rm(path, { force: true });
    throw new ProblemError([
      problem("RUN_NOT_CLOSED", { place: run.id, message: `process ${engine.pid}: ${message}` }),
    ]);
  }
  await writeWhole(path, JSON.stringify({ ...request, isSent: true }));
  return "asked";
}

/** Who asked this process to cancel the run and why, when it was another process; null otherwise. Never throws. */
export function readCancelRequest(
  stateFolder: string,
  runId: string,
): { readonly by: string; readonly why: string } | null {
  try {
    const request = parseRequest(JSON.parse(readFileSync(requestPath(stateFolder, runId), "utf8")));
    return request !== null && isFor(request, ownIdentity()) ? { by: request.by, why: request.why } : null;
  } catch {
    return null;
  }
}

function requestPath(stateFolder: string, runId: string): string {
  return join(stateFolder, "runs", runId, "cancel-request.json");
}

function isFor(request: CancelRequest, engine: ProcessIdentity): boolean {
  return request.engine.pid === engine.pid && request.engine.startTime === engine.startTime;
}

function parseRequest(value: unknown): CancelRequest | null {
  if (typeof value !== "object" || value === null) return null;
  const { by, why, engine, sender, isSent } = value as Partial<Record<keyof CancelRequest, unknown>>;
  const isWhole =
    typeof by === "string" &&
    typeof why === "string" &&
    isProcessIdentity(engine) &&
    isProcessIdentity(sender) &&
    typeof isSent === "boolean";
  return isWhole ? (value as CancelRequest) : null;
}
