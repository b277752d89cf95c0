import { isSameProcess, type ProcessIdentity } from "./process-identity.ts";

/** `ps` costs milliseconds, so between full checks a pid that can be signalled is taken for the same process. */
const FULL_CHECK_EVERY = process.platform === "linux" ? 1 : 20;

/**
 * Calls `onEnd` once, within about `everyMs` after the process ended. For processes that are not children of the
 * caller; these have no event. Returns a function that stops watching. Does not keep the caller alive.
 */
export function watchProcess(identity: ProcessIdentity, everyMs: number, onEnd: () => void): () => void {
  let checkCount = 0;
  const timer = setInterval(() => {
    checkCount += 1;
    const isAlive = checkCount % FULL_CHECK_EVERY === 0 ? isSameProcess(identity) : isPidInUse(identity.pid);
    if (isAlive) return;
    clearInterval(timer);
    onEnd();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
