/**
 * Sends a signal to the process group that `pid` leads (on Windows: to the process). True when somebody was there to get
 * it. A group keeps its number until its last member ends, so the number is good for as long as the answer is true.
 */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // ESRCH: nobody is left. EPERM: macOS says so of a group of which only zombies are left.
    return false;
  }
}

/** Sends a signal to one process. True when it was there. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
