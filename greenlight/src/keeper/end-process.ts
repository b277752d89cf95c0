import { isSameProcess, type ProcessIdentity } from "../base/process-identity.ts";

const POLL_MS = 10;
/** After KILL the kernel needs a moment; longer only for a process stuck in the kernel. */
const AFTER_KILL_MS = 5000;

/**
 * Ends a process and all of its group: TERM, at most `graceMs` of grace, KILL. False when it is still there at the end.
 * Idempotent; a pid that was given to another process meanwhile is never touched.
 */
export async function endProcessGroup(identity: ProcessIdentity, graceMs: number): Promise<boolean> {
  const wasRunning = isSameProcess(identity);
  if (wasRunning) {
    signalGroup(identity.pid, "SIGTERM");
    // One that was stopped hears TERM only once it goes on.
    signalGroup(identity.pid, "SIGCONT");
    await waitForEnd(identity, graceMs);
  }
  // Children may outlive their leader. A group keeps its number until its last member ends, so when no process has that
  // pid any more, the number can only still mean this group.
  if (wasRunning || !isPidInUse(identity.pid)) signalGroup(identity.pid, "SIGKILL");
  await waitForEnd(identity, AFTER_KILL_MS);
  return !isSameProcess(identity);
}

async function waitForEnd(identity: ProcessIdentity, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (isSameProcess(identity) && performance.now() < deadline) {
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}

function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** To the group where there are groups, to the process alone on Windows. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  // Windows knows none but those that end.
  if (signal === "SIGCONT" && process.platform === "win32") return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch (error) {
    // ESRCH: nobody is left. EPERM: macOS says so of a group of which only zombies are left.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
