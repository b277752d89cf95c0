import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isProcessIdentity, isSameProcess, ownIdentity, type ProcessIdentity } from "../../base/process-identity.ts";
import type { ConcurrencyGroup } from "../../pipeline/definition.ts";

/** A run that waits for the project. Tickets sort by the time of arrival. */
export interface Ticket extends ProcessIdentity {
  readonly id: string;
  readonly runId: string;
  readonly group: string;
  readonly whenBusy: ConcurrencyGroup["whenBusy"];
}

/** Lines this process up. Throws the system's error when the folder can't be written. */
export function takeTicket(stateFolder: string, ticket: Omit<Ticket, keyof ProcessIdentity>): { leave(): void } {
  const folder = queueFolder(stateFolder);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${ticket.id}.json`);
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, JSON.stringify({ ...ticket, ...ownIdentity() }));
  renameSync(temporary, path);
  return { leave: () => rmSync(path, { force: true }) };
}

/** Who waits, first come first; those whose process has ended are taken out. */
export function waitingTickets(stateFolder: string): readonly Ticket[] {
  const folder = queueFolder(stateFolder);
  return ticketFiles(folder).flatMap((file) => {
    const ticket = readTicket(join(folder, file));
    if (ticket !== null && isSameProcess(ticket)) return [ticket];
    rmSync(join(folder, file), { force: true });
    return [];
  });
}

function queueFolder(stateFolder: string): string {
  return join(stateFolder, "queue");
}

function ticketFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^[0-9a-z]{16}\.json$/u.test(name))
      .toSorted();
  } catch {
    return [];
  }
}

function readTicket(path: string): Ticket | null {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<Record<keyof Ticket, unknown>>;
    const { id, runId, group, whenBusy } = value;
    const isWhole =
      [id, runId, group].every((text) => typeof text === "string") &&
      (whenBusy === "queue" || whenBusy === "cancel-older") &&
      isProcessIdentity(value);
    return isWhole ? (value as unknown as Ticket) : null;
  } catch {
    return null;
  }
}
