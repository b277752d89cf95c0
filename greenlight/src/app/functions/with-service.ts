import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import type { Json } from "../../base/json.ts";
import type { FunctionContext } from "../../engine/steps/function-step.ts";
import { awaitReady, endOf, runTests, serviceFault } from "../service-under-test/run-tests.ts";

const ARGUMENTS = z.strictObject({
  /** A shell line, run in the project's folder: the service. */
  service: z.string().min(1),
  /** A shell line, run in the project's folder: the tests. */
  tests: z.string().min(1),
  /** Answers with a status below 400 once the service can be used. */
  readyPath: z.string().startsWith("/"),
  readyMs: z.int().min(1),
  /** The variable by which the service is told its port. */
  portVariable: z.string().min(1),
});

type Arguments = z.infer<typeof ARGUMENTS>;

/** How often a service gets another port, because someone took the one that was free a moment before. */
const PORT_TRIES = 3;
const GRACE_MS = 5000;

/**
 * Tests against the really started service, as a function step. The service gets a port that the system says is free, writes its
 * log to the output `serviceLog`, and is ended with all that it started. The tests get SERVICE_URL and the port's variable.
 */
export async function withService(rawArguments: Json, context: FunctionContext): Promise<void> {
  const args = ARGUMENTS.parse(rawArguments);
  const logPath = context.outputs["serviceLog"];
  if (logPath === undefined) throw new Error("declare the output serviceLog: where the service's log is kept");
  const service = await startService(args, logPath, context.project.folder);
  try {
    const code = await runTests({ ...args, folder: context.project.folder, port: service.port });
    if (hasEnded(service.process)) {
      throw serviceFault(
        `the service ${howEnded(service.process)} while it was tested; its log ends with:\n${endOf(logPath)}`,
      );
    }
    if (code !== 0) throw serviceFault(`the tests exited with ${code}`);
  } finally {
    await endService(service.process);
  }
}

interface Started {
  readonly process: ChildProcess;
  readonly port: number;
}

async function startService(args: Arguments, logPath: string, folder: string): Promise<Started> {
  mkdirSync(dirname(logPath), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const log = openSync(logPath, "w");
    const env = { ...process.env, [args.portVariable]: String(port) };
    const started = spawn("/bin/sh", ["-c", args.service], {
      cwd: folder,
      env,
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    const notStarted = new Promise<Error>((resolve) => void started.once("error", resolve));
    const answer = await Promise.race([
      awaitReady({ ...args, port, hasEnded: () => hasEnded(started) }),
      notStarted,
    ]).catch(async (error: unknown) => {
      await endService(started);
      throw error;
    });
    if (answer === "ready") return { process: started, port };
    await endService(started);
    if (answer instanceof Error) throw serviceFault(`the service could not be started: ${answer.message}`);
    const isTaken = answer === "ended" && !(await isFree(port));
    if (isTaken && attempt < PORT_TRIES) continue;
    const how =
      answer === "ended" ? `it ${howEnded(started)}` : `no answer at ${args.readyPath} in ${args.readyMs / 1000} s`;
    throw serviceFault(`the service did not become ready: ${how}; its log ends with:\n${endOf(logPath)}`);
  }
}

/** Its whole group: a shell line may have started more than one process. */
async function endService(service: ChildProcess): Promise<void> {
  const { pid } = service;
  if (pid === undefined) return;
  const tell = (signal: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-pid, signal);
    } catch {
      return false;
    }
  };
  tell("SIGTERM");
  for (const until = performance.now() + GRACE_MS; tell(0) && performance.now() < until;) await sleep(20);
  tell("SIGKILL");
}

function hasEnded(service: ChildProcess): boolean {
  return service.exitCode !== null || service.signalCode !== null;
}

function howEnded(service: ChildProcess): string {
  return service.signalCode === null ? `exited with ${service.exitCode}` : `was ended by ${service.signalCode}`;
}

/** One that the system gives away now; it gives the same one to nobody else for a while. */
function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() =>
      typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port")),
    );
  });
  return promise;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
