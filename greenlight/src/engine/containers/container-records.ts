import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { DOCKER_VARIABLES } from "../../base/docker-variables.ts";
import { isProcessIdentity, ownIdentity, type ProcessIdentity } from "../../base/process-identity.ts";

/** A container that a step started. It is no child of the step, so that nothing takes it along when the step is killed. */
export interface ContainerRecord {
  readonly name: string;
  /** The process that removes it; when that has ended, somebody else has to. */
  readonly owner: ProcessIdentity;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** Values of `DOCKER_VARIABLES`. */
  readonly docker: Readonly<Record<string, string>>;
}

/**
 * Leaves word, in the state folder, of a container that the calling process is about to make; returns what takes it away again.
 * Written before the container is made, so that none is ever left without it. Throws when it can't be written.
 */
export function recordContainer(
  stateFolder: string,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): () => void {
  if (!isContainerName(name)) throw new RangeError(`no name of a container: ${name}`);
  const docker = Object.fromEntries(DOCKER_VARIABLES.flatMap((each) => (env[each] ? [[each, env[each]]] : [])));
  const record: ContainerRecord = { name, owner: ownIdentity(), sinceMs: Date.now(), docker };
  mkdirSync(recordFolder(stateFolder), { recursive: true });
  writeFileSync(join(recordFolder(stateFolder), name), `${JSON.stringify(record)}\n`, { mode: 0o600 });
  return () => forgetContainer(stateFolder, name);
}

/** All that stand there, also those whose owner lives. A record that can't be read is left out. */
export function recordedContainers(stateFolder: string): readonly ContainerRecord[] {
  let names: readonly string[];
  try {
    names = readdirSync(recordFolder(stateFolder)).filter(isContainerName);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      const value: unknown = JSON.parse(readFileSync(join(recordFolder(stateFolder), name), "utf8"));
      if (isRecordOf(value, name)) return [value];
    } catch {
      // Cut off by a full disk, or its owner took it away just now.
    }
    return [];
  });
}

/** Takes the record away, if it is there. */
export function forgetContainer(stateFolder: string, name: string): void {
  try {
    rmSync(join(recordFolder(stateFolder), name), { force: true });
  } catch {
    // A read-only disk: the next start looks again, in vain.
  }
}

function recordFolder(stateFolder: string): string {
  return join(stateFolder, "containers");
}

/** Narrow, because it becomes a path and a word of a command. */
function isContainerName(name: string): boolean {
  return /^greenlight-[0-9a-f]{16}$/u.test(name);
}

function isRecordOf(value: unknown, name: string): value is ContainerRecord {
  if (typeof value !== "object" || value === null) return false;
  const { name: named, owner, sinceMs, docker } = value as Partial<Record<keyof ContainerRecord, unknown>>;
  return (
    named === name &&
    isProcessIdentity(owner) &&
    typeof sinceMs === "number" &&
    typeof docker === "object" &&
    docker !== null &&
    Object.entries(docker).every(([key, text]) => DOCKER_VARIABLES.includes(key) && typeof text === "string")
  );
}
