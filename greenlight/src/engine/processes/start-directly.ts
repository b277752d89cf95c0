import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";

import { err, ok } from "../../base/result.ts";
import { openLog } from "../steps/step-log.ts";
import { MaskedOutput } from "./masked-output.ts";
import type { ProcessEnd, ProgramCall, StartFailure, StartResult } from "./started-process.ts";
import { taggedCall } from "./tagged-call.ts";

/**
 * Starts a program as a child of this process. Without a mask it gets the log's descriptor itself, so that what it writes
 * costs the engine nothing, however much it is, and nobody has to wait for a pipe.
 */
export async function startDirectly(call: ProgramCall): Promise<StartResult> {
  let log: number;
  try {
    log = openLog(call.logPath);
  } catch (error) {
    return err({ kind: "log-failed", message: messageOf(error) });
  }
  const output = call.mask === null ? log : "pipe";
  let child: ChildProcess;
  const { file, args } = taggedCall(call);
  try {
    child = spawn(file, args, {
      cwd: call.folder,
      env: call.env,
      stdio: ["ignore", output, output],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
  } catch (error) {
    // What no system call can take, a zero byte for instance.
    closeSync(log);
    return err(notStarted(error));
  }
  const { pid } = child;
  if (pid === undefined || call.mask === null) closeSync(log);
  if (pid === undefined) return err(notStarted(await errorOf(child)));
  const ended = endOf(child);
  if (call.mask === null) return ok({ pid, ended, drain: async () => null, abandon: () => child.unref() });
  const masked = new MaskedOutput(log, call.mask(), [child.stdout, child.stderr]);
  return ok({ pid, ended, drain: (limitMs) => masked.drain(limitMs), abandon: () => child.unref() });
}

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once("exit", (exitCode, signalName) => resolve({ exitCode, signalName, mayHaveLeft: true, failure: null }));
  });
}

function errorOf(child: ChildProcess): Promise<Error> {
  return new Promise((resolve) => {
    child.once("error", resolve);
  });
}

function notStarted(error: unknown): StartFailure {
  return { kind: "not-started", message: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
