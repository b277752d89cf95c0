import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { problem, ProblemError } from "../../base/problem.ts";

const PROBE_MS = 100;

export interface Readiness {
  readonly port: number;
  /** Answers with a status below 400 once the service can be used. */
  readonly readyPath: string;
  readonly readyMs: number;
  hasEnded(): boolean;
  /** Aborted: nobody waits any longer. */
  readonly signal?: AbortSignal;
}

/** Asks the service until it is ready, has ended, or the time is over. Rejects when it is aborted. */
export async function awaitReady(service: Readiness): Promise<"ready" | "ended" | "late"> {
  const { port, readyPath, readyMs, signal } = service;
  const until = performance.now() + readyMs;
  while (performance.now() < until) {
    signal?.throwIfAborted();
    if (service.hasEnded()) return "ended";
    const limits = [AbortSignal.timeout(Math.max(1, Math.ceil(until - performance.now())))];
    if (signal !== undefined) limits.push(signal);
    const limit = AbortSignal.any(limits);
    const answer = await fetch(`http://127.0.0.1:${port}${readyPath}`, { signal: limit }).catch(() => null);
    await answer?.body?.cancel();
    // Someone else may answer there when the service has given up.
    if (answer !== null && answer.status < 400 && !service.hasEnded()) return "ready";
    await sleep(PROBE_MS);
  }
  return service.hasEnded() ? "ended" : "late";
}

export interface TestCall {
  /** A shell line. */
  readonly tests: string;
  readonly folder: string;
  readonly port: number;
  /** The variable by which the tests get the port, besides SERVICE_URL. */
  readonly portVariable: string;
  readonly signal?: AbortSignal;
}

/** Runs the tests against the service and answers their exit status. Rejects when it is aborted; who aborts ends the tests. */
export function runTests({ tests, folder, port, portVariable, signal }: TestCall): Promise<number> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const env = { ...process.env, [portVariable]: String(port), SERVICE_URL: `http://127.0.0.1:${port}` };
  const child = spawn("/bin/sh", ["-c", tests], { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] });
  child.once("error", reject);
  child.once("exit", (code) => resolve(code ?? 1));
  signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}

/** The last lines of the service's log, for a message. */
export function endOf(logPath: string): string {
  return readFileSync(logPath, "utf8").split("\n").slice(-20).join("\n").slice(-2000);
}

export function serviceFault(message: string): ProblemError {
  return new ProblemError([problem("SERVICE_TESTS_FAILED", { place: "service", message })]);
}
