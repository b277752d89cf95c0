import { dismissGuard, guardSteps } from "../processes/engine-guard.ts";
import { endAbandonedSteps, recordEngine, recordStep } from "../processes/engine-record.ts";
import { RunningStep, type Ending } from "../processes/running-step.ts";
import { closeStarters, startProcess } from "../processes/start-process.ts";
import { ENGINE_TOKEN, newStepMarker, STEP_MARKER } from "../processes/step-marker.ts";
import { killProcesses } from "../processes/step-processes.ts";
import type { MergedFilter } from "./masking.ts";
import { isDiskFull, watchLog } from "./step-log.ts";

export { endAbandonedSteps } from "../processes/engine-record.ts";

export interface StepProcess {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Standard output and error go here, in the order of arrival. */
  readonly logPath: string;
  /** Makes the filter of the two streams; null: nothing is to be masked, which is much cheaper. */
  readonly mask: (() => MergedFilter) | null;
  /** Milliseconds since 1970 by the wall clock. Looked at once, at the start. */
  readonly deadlineMs: number;
  /** Milliseconds that it may run at most, by a clock that nobody sets. */
  readonly timeoutMs: number;
  /** Milliseconds between TERM and KILL. */
  readonly graceMs: number;
  readonly signal: AbortSignal;
  /** Bytes beyond which the middle of the log is dropped; 1 GiB when left out. */
  readonly logLimitBytes?: number;
}

export interface StepExit {
  /** Null when a signal ended it or it never started. By way of a shell, signal N counts as 128 + N. */
  readonly exitCode: number | null;
  readonly signalName: string | null;
  readonly ending: Ending | "not-started" | "log-failed";
  /** The system's message when it never started, its log could not be opened, or it failed for want of a log. */
  readonly message: string;
  /** Size of the log's file, what earlier attempts wrote included. */
  readonly logBytes: number;
  /** Why the log does not hold all that was written, as a clause; null: it does. */
  readonly logNote: string | null;
}

/**
 * Runs a program in a process group of its own and waits for it. After a cancel or a timeout all of its processes get TERM,
 * then KILL, those that left the group too (where the system tells a process's environment); what the program left in its
 * group after a normal end is killed.
 *
 * The time that is left is reckoned once, at the start: what is left until the deadline, at most `timeoutMs`. From then on a
 * clock that jumps changes nothing.
 */
export async function runStepProcess(step: StepProcess): Promise<StepExit> {
  if (isShutDown || step.signal.aborted) return notRun("cancelled");
  const leftMs = Math.min(step.deadlineMs - Date.now(), step.timeoutMs);
  if (!(leftMs > 0)) return notRun("timed-out");
  guardSteps();
  wasAnyStarted = true;
  const marker = newStepMarker();
  const started = await startProcess({ ...step, env: { ...step.env, [STEP_MARKER]: marker.value }, tag: marker.tag });
  if (!started.ok) return notRun(started.error.kind, started.error.message);
  const program = started.value;
  recordStep(program.pid);
  const running = new RunningStep(program, { token: marker.token, graceMs: step.graceMs });
  active.add(running);
  const onAbort = (): void => running.end("cancelled");
  step.signal.addEventListener("abort", onAbort, { once: true });
  const stopTimer = callAfter(leftMs, () => running.end("timed-out"));
  const stopWatch = watchLog(step.logPath, step.logLimitBytes);
  // It may have come while the program was being started.
  if (step.signal.aborted) onAbort();
  if (isShutDown) running.kill();
  const end = await running.finished();
  stopTimer();
  step.signal.removeEventListener("abort", onAbort);
  active.delete(running);
  const logProblem = await program.drain(DRAIN_MS);
  const { bytes, droppedBytes } = stopWatch();
  if (end.failure !== null && running.ending === "exited") return notRun(end.failure.kind, end.failure.message);
  const ended = { exitCode: end.exitCode, signalName: end.signalName, logBytes: bytes };
  const hasFailed = running.ending === "exited" && end.exitCode !== 0;
  const lack = logProblem ?? ((hasFailed || bytes > 0) && isDiskFull(step.logPath) ? "its disk is full" : null);
  // A program that can't write its output fails, and that is no fault of its own.
  if (hasFailed && lack !== null) return { ...ended, ending: "log-failed", message: lack, logNote: null };
  return { ...ended, ending: running.ending, message: "", logNote: noteOn(lack, droppedBytes) };
}

/** Milliseconds after the program's end in which the rest of its output may still arrive. */
const DRAIN_MS = 1000;
/** Longest span of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const active = new Set<RunningStep>();
let isShutDown = false;
let wasAnyStarted = false;

/**
 * Kills every step that runs now, without grace, and lets none start any more in this process: for a person who does not
 * want to wait any longer. The steps' results come back as cancelled, so that a run can close its record.
 */
export function killActiveSteps(): void {
  isShutDown = true;
  for (const running of active) running.kill();
}

/**
 * For the beginning of a run: ends what engines that died left running of their steps in this state folder, and leaves
 * word of this one. What it returns is for the run's end: it ends what left the groups of its steps, and lets go of the
 * small processes that helped to start them.
 */
export function beginSteps(stateFolder: string): () => Promise<void> {
  endAbandonedSteps(stateFolder);
  const forget = recordEngine(stateFolder);
  return async () => {
    await endLeftovers();
    forget();
  };
}

async function endLeftovers(): Promise<void> {
  if (!wasAnyStarted || active.size > 0) return;
  wasAnyStarted = false;
  await closeStarters();
  killProcesses({ groupId: null, owners: [ENGINE_TOKEN] });
  dismissGuard();
}

function notRun(ending: StepExit["ending"], message = ""): StepExit {
  return { exitCode: null, signalName: null, ending, message, logBytes: 0, logNote: null };
}

function noteOn(lack: string | null, droppedBytes: number): string | null {
  if (lack !== null) return `its log may not be whole: ${lack}`;
  return droppedBytes === 0 ? null : `${droppedBytes} bytes from the middle of its log were dropped`;
}

/** As `setTimeout`, for any span. */
function callAfter(ms: number, call: () => void): () => void {
  let timer: NodeJS.Timeout;
  const begin = (leftMs: number): void => {
    const span = Math.min(leftMs, MAX_TIMER_MS);
    timer = setTimeout(() => (leftMs > span ? begin(leftMs - span) : call()), span);
  };
  begin(ms);
  return () => clearTimeout(timer);
}
