import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Clock } from "../base/clock.ts";
import { randomLetter, timeOrderedId } from "../base/ids.ts";
import { problem, ProblemError } from "../base/problem.ts";
import { isProcessIdentity, isSameProcess, ownIdentity, type ProcessIdentity } from "../base/process-identity.ts";
import type { ConcurrencyGroup } from "../pipeline/definition.ts";
import { requestCancel } from "./runs/cancel-request.ts";
import { takeTicket, waitingTickets, type Ticket } from "./runs/run-queue.ts";

const POLL_MS = 100;

/** Who holds the project, as far as it has said so. */
export interface Holder extends ProcessIdentity {
  readonly runId: string;
  readonly group: string | null;
}

export interface HoldRequest {
  readonly stateFolder: string;
  readonly runId: string;
  readonly group: ConcurrencyGroup | null;
  /** Who asks; told to the run that is cancelled for this one. */
  readonly by: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once when it has to wait; null: nobody knows who holds the project. */
  onWait?(holder: Holder | null): void;
}

/**
 * Makes this process the only run of the project, because steps write into its folder. The hold is a lock of the
 * operating system on a database file, so it ends with the process, however that ends. Returns the release; throws
 * RUN_IN_PROGRESS or STORE_UNWRITABLE.
 */
export function holdProject(stateFolder: string, runId: string, group: string | null = null): () => void {
  const holderPath = join(stateFolder, "run-holder.json");
  let database: DatabaseSync;
  try {
    mkdirSync(stateFolder, { recursive: true });
    database = new DatabaseSync(join(stateFolder, "run.lock"), { timeout: 0 });
  } catch (error) {
    throw unwritable(stateFolder, error);
  }
  try {
    // Nothing is ever written into it, so its journal need not be a file.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    writeFileSync(holderPath, JSON.stringify({ runId, group, ...ownIdentity() }));
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/iu.test(error.message)) throw inProgress(stateFolder);
    if (error instanceof Error && /not a database/iu.test(error.message)) throw noLock(stateFolder, error);
    throw unwritable(stateFolder, error);
  }
  return () => database.close();
}

/**
 * As `holdProject`, but a run with a concurrency group waits while another of its group holds the project, first come first
 * served; with `cancel-older` it asks that one to cancel, and those that wait before it give way with RUN_SUPERSEDED. A run of
 * another group or of none is in the way as ever: RUN_IN_PROGRESS. Rejects with the signal's reason when aborted.
 */
export async function waitForProject(request: HoldRequest): Promise<() => void> {
  const { stateFolder, runId, group } = request;
  if (group === null) return holdProject(stateFolder, runId);
  if (waitingTickets(stateFolder).length === 0) {
    const release = tryHold(request, group.group);
    if (release !== null) return release;
    const holder = await knownHolder(request);
    // Without a holder it was just let go of, or nobody can tell; then waiting shows.
    if (holder !== null && holder.group !== group.group) throw inProgress(stateFolder);
    request.onWait?.(holder);
  } else {
    request.onWait?.(readHolder(stateFolder));
  }
  return waitInQueue(request, group);
}

async function waitInQueue(request: HoldRequest, { group, whenBusy }: ConcurrencyGroup): Promise<() => void> {
  const { stateFolder, runId, clock, signal, by } = request;
  const id = timeOrderedId(clock.now(), randomLetter);
  const ticket = takeTicket(stateFolder, { id, runId, group, whenBusy });
  const asked = new Set<string>();
  try {
    for (;;) {
      signal.throwIfAborted();
      const tickets = waitingTickets(stateFolder);
      const newer = tickets.find((each) => each.id > id && cancelsOlderOf(each, group));
      if (newer !== undefined) throw superseded(group, newer.runId);
      if (tickets.every((each) => each.id >= id)) {
        const release = tryHold(request, group);
        if (release !== null) return release;
      }
      if (whenBusy === "cancel-older") await cancelHolder();
      await clock.sleep(POLL_MS, signal);
    }
  } finally {
    ticket.leave();
  }

  async function cancelHolder(): Promise<void> {
    const holder = readHolder(stateFolder);
    if (holder === null || holder.group !== group || holder.runId === runId || asked.has(holder.runId)) return;
    asked.add(holder.runId);
    const why = `run ${runId} of group ${group} takes its place`;
    await requestCancel(stateFolder, { id: holder.runId, engine: holder }, { by, why });
  }
}

/** Null when somebody else holds it. */
function tryHold({ stateFolder, runId }: HoldRequest, group: string): (() => void) | null {
  try {
    return holdProject(stateFolder, runId, group);
  } catch (error) {
    if (error instanceof ProblemError && error.problems[0]?.code === "RUN_IN_PROGRESS") return null;
    throw error;
  }
}

/** A holder writes its name just after it has the lock. */
async function knownHolder({ stateFolder, clock, signal }: HoldRequest): Promise<Holder | null> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const holder = readHolder(stateFolder);
    if (holder !== null) return holder;
    await clock.sleep(POLL_MS / 4, signal);
  }
  return null;
}

/** Null when nobody living has said to hold it. */
function readHolder(stateFolder: string): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(join(stateFolder, "run-holder.json"), "utf8")) as Partial<Holder>;
    const { runId, group = null } = holder;
    if (typeof runId !== "string" || !isProcessIdentity(holder) || !isSameProcess(holder)) return null;
    return { runId, group: typeof group === "string" ? group : null, pid: holder.pid, startTime: holder.startTime };
  } catch {
    return null;
  }
}

function cancelsOlderOf(ticket: Ticket, group: string): boolean {
  return ticket.group === group && ticket.whenBusy === "cancel-older";
}

function inProgress(stateFolder: string): ProblemError {
  const holder = readHolder(stateFolder);
  const name = holder === null ? "another run" : `${whoHolds(holder)} (process ${holder.pid})`;
  return new ProblemError([problem("RUN_IN_PROGRESS", { place: stateFolder, message: `${name} is going on` })]);
}

/** Commands hold it as well, and are no runs. */
function whoHolds({ runId }: Holder): string {
  return /^[0-9a-z]{16}$/u.test(runId) ? `run ${runId}` : `"greenlight ${runId}"`;
}

function superseded(group: string, runId: string): ProblemError {
  const message = `run ${runId}, which came later, takes the place of those that wait`;
  return new ProblemError([problem("RUN_SUPERSEDED", { place: group, message })], { exitCode: 130 });
}

/** The file that is locked came to hold something else; only its being there matters. */
function noLock(stateFolder: string, { message }: Error): ProblemError {
  return new ProblemError([problem("STORE_UNREADABLE", { place: join(stateFolder, "run.lock"), message })]);
}

function unwritable(stateFolder: string, error: unknown): ProblemError {
  const message = error instanceof Error ? error.message : String(error);
  return new ProblemError([problem("STORE_UNWRITABLE", { place: stateFolder, message })], { cause: error });
}
