import { execFile } from "node:child_process";

import { isSameProcess } from "../../base/process-identity.ts";
import { forgetContainer, recordedContainers, type ContainerRecord } from "./container-records.ts";

/** Milliseconds for one call; a daemon that hangs must not hold up a run. */
const CALL_LIMIT_MS = 30_000;
/** A daemon may still be making what its client was killed over, so that "it is not there" is not believed before. */
const SETTLED_MS = 60_000;

/**
 * Removes containers that steps left in this state folder: those whose process was killed before it could. One whose step still
 * runs is not touched. Answers how many were removed. Never throws: what can't be removed now (no daemon, no right) stays on
 * record for the next time.
 */
export async function endAbandonedContainers(stateFolder: string): Promise<number> {
  let endedCount = 0;
  for (const record of recordedContainers(stateFolder)) {
    if (isSameProcess(record.owner) || givenUp.has(record.name)) continue;
    const found = await removeContainer(record);
    if (found === "unknown") givenUp.add(record.name);
    if (found === "removed") endedCount += 1;
    const age = Date.now() - record.sinceMs;
    // A clock that was set back makes it look young for ever.
    const isSettled = age > SETTLED_MS || age < 0;
    if (found === "removed" || (found === "not-there" && isSettled)) forgetContainer(stateFolder, record.name);
  }
  return endedCount;
}

/** By this process: a daemon that hangs is waited for once, not after every step. */
const givenUp = new Set<string>();

/** With all that it wrote into volumes of its own. `docker rm --force` of what isn't there succeeds, and names nothing. */
function removeContainer({ name, docker }: ContainerRecord): Promise<"removed" | "not-there" | "unknown"> {
  return new Promise((resolve) => {
    execFile(
      "docker",
      ["rm", "--force", "--volumes", name],
      { env: { ...process.env, ...docker }, timeout: CALL_LIMIT_MS, killSignal: "SIGKILL", maxBuffer: 1 << 20 },
      (error, stdout, stderr) => {
        if (stdout.trim() === name) resolve("removed");
        else if (/no such container/iu.test(stderr)) resolve("not-there");
        else resolve(error === null ? "not-there" : "unknown");
      },
    );
  });
}
