import { spawn } from "node:child_process";
import { createWriteStream, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";

import { isProcessIdentity, isSameProcess, processStartTime } from "../base/process-identity.ts";

export interface StepProcess {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Standard output and error go here, in the order of arrival. */
  readonly logPath: string;
  readonly timeoutMs: number;
  /** Milliseconds between TERM and KILL. */
  readonly graceMs: number;
  readonly signal: AbortSignal;
}

export interface StepExit {
  /** Null when a signal ended it or it never started. */
  readonly exitCode: number | null;
  readonly signalName: string | null;
  readonly ending: "exited" | "timed-out" | "cancelled" | "not-started" | "log-failed";
  /** The system's message when it never started, or its log could not be written. */
  readonly message: string;
}

/**
 * Runs a program in a process group of its own and waits for it and its output. After a cancel or a timeout
 * the group gets TERM, then KILL; what the program left in its group after a normal end is ended as well.
 */
export async function runStepProcess(step: StepProcess): Promise<StepExit> {
  if (step.signal.aborted) return { exitCode: null, signalName: null, ending: "cancelled", message: "" };
  await mkdir(dirname(step.logPath), { recursive: true });
  const log = createWriteStream(step.logPath, { flags: "a" });
  const child = spawn(step.file, step.args, {
    cwd: step.folder,
    env: step.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  const marker = `${step.logPath}.pid`;
  if (child.pid !== undefined) {
    activeGroups.add(child.pid);
    writeMarker(marker, child.pid);
  }
  let ending: StepExit["ending"] = "exited";
  let killTimer: NodeJS.Timeout | undefined;
  const end = (how: StepExit["ending"]): void => {
    if (ending !== "exited") return;
    ending = how;
    killGroup(child.pid, "SIGTERM");
    killTimer = setTimeout(() => killGroup(child.pid, "SIGKILL"), step.graceMs);
  };
  const onAbort = (): void => end("cancelled");
  let logError = "";
  log.on("error", (error) => {
    logError = error.message;
    end("log-failed");
  });
  step.signal.addEventListener("abort", onAbort, { once: true });
  // The abort may have come between the look above and here.
  if (step.signal.aborted) onAbort();
  const timeout = setTimeout(() => end("timed-out"), step.timeoutMs);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  try {
    return await new Promise<StepExit>((resolve) => {
      child.once("error", (error) =>
        resolve({ exitCode: null, signalName: null, ending: "not-started", message: error.message }),
      );
      // A background child that keeps the pipe open must not keep the step: the group ends with its leader.
      child.once("exit", (exitCode, signalName) => {
        killGroup(child.pid, "SIGKILL");
        // What left the group (setsid) may hold the pipe open for ever; the step is over all the same.
        setTimeout(() => {
          child.stdout.destroy();
          child.stderr.destroy();
          resolve({ exitCode, signalName, ending, message: logError });
        }, PIPE_GRACE_MS).unref();
      });
      child.once("close", (exitCode, signalName) => resolve({ exitCode, signalName, ending, message: logError }));
    });
  } finally {
    if (child.pid !== undefined) activeGroups.delete(child.pid);
    rmSync(marker, { force: true });
    clearTimeout(timeout);
    clearTimeout(killTimer);
    step.signal.removeEventListener("abort", onAbort);
    log.end();
    await finished(log).catch(() => undefined);
  }
}

/** Milliseconds after the program's end in which the rest of its output may still arrive. */
const PIPE_GRACE_MS = 1000;
const activeGroups = new Set<number>();

/** Kills every step that runs now, without grace: for a person who does not want to wait any longer. */
export function killActiveSteps(): void {
  for (const pid of activeGroups) killGroup(pid, "SIGKILL");
}

/** So that the next engine finds what this one leaves, should it be killed. A full disk costs the marker, not the step. */
function writeMarker(path: string, pid: number): void {
  try {
    writeFileSync(path, JSON.stringify({ pid, startTime: processStartTime(pid) }));
  } catch {
    // The step itself tells of the disk when it can't write its log.
  }
}

/** Ends the steps that a killed engine left running below `runsFolder`; returns how many there were. */
export function endAbandonedSteps(runsFolder: string): number {
  let endedCount = 0;
  for (const file of globSync("*/*.pid", { cwd: runsFolder })) {
    const path = join(runsFolder, file);
    try {
      const identity: unknown = JSON.parse(readFileSync(path, "utf8"));
      if (isProcessIdentity(identity) && isSameProcess(identity)) {
        killGroup(identity.pid, "SIGKILL");
        endedCount += 1;
      }
    } catch {
      // A marker that can't be read names nobody.
    }
    rmSync(path, { force: true });
  }
  return endedCount;
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // The group is gone already.
  }
}
