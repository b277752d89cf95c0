import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";

import { err, ok, type Result } from "../../base/result.ts";
import { endingOf } from "../ending-of.ts";
import { decodeSecret } from "./secret-file.ts";

export interface SecretCommand {
  /** The program and its arguments; no shell is involved. */
  readonly command: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const MAXIMUM_OUTPUT_BYTES = 64 * 1024;
/** Milliseconds between TERM and KILL, and after its end in which what it printed may still arrive. */
const GRACE_MS = 1000;

/**
 * What a program prints to its standard output; else the reason, which holds nothing of what it printed. The program
 * and what it leaves in its process group are ended on time-out, cancellation and too much output.
 */
export async function readCommandOutput(options: SecretCommand): Promise<Result<string, string>> {
  if (options.signal.aborted) return err("was cancelled");
  const started = start(options);
  if (!started.ok) return started;
  const child = started.value;
  const chunks: Buffer[] = [];
  let length = 0;
  let fault: string | null = null;
  let killTimer: NodeJS.Timeout | undefined;
  const end = (reason: string): void => {
    if (fault !== null) return;
    fault = reason;
    killGroup(child.pid, "SIGTERM");
    killTimer = setTimeout(() => killGroup(child.pid, "SIGKILL"), GRACE_MS);
  };
  const onAbort = (): void => end("was cancelled");
  options.signal.addEventListener("abort", onAbort, { once: true });
  const timeout = setTimeout(() => end(`did not end within ${options.timeoutMs / 1000} s`), options.timeoutMs);
  child.stdout.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAXIMUM_OUTPUT_BYTES) chunks.push(chunk);
    else end(`printed more than ${MAXIMUM_OUTPUT_BYTES / 1024} KiB`);
  });
  try {
    const ending = await new Promise<string | null>((resolve) => {
      child.once("error", (error: NodeJS.ErrnoException) => resolve(`could not be started: ${error.code}`));
      child.once("close", (status, signal) => resolve(endingOf(status, signal)));
      child.once("exit", (status, signal) => {
        killGroup(child.pid, "SIGKILL");
        // A daemon that left the group may hold the pipe open for ever.
        setTimeout(() => resolve(endingOf(status, signal)), GRACE_MS).unref();
      });
    });
    if ((fault ?? ending) !== null) return err(fault ?? ending ?? "");
    const text = decodeSecret(Buffer.concat(chunks));
    return text === null ? err("did not print text in UTF-8") : ok(text);
  } finally {
    child.stdout.destroy();
    clearTimeout(timeout);
    clearTimeout(killTimer);
    options.signal.removeEventListener("abort", onAbort);
  }
}

type Program = ChildProcessByStdio<null, Readable, null>;

function start({ command, folder, env }: SecretCommand): Result<Program, string> {
  const [file = "", ...args] = command;
  try {
    return ok(
      spawn(file, args, {
        cwd: folder,
        env: { ...env },
        // Its complaints may quote what it knows, so nobody reads them.
        stdio: ["ignore", "pipe", "ignore"],
        detached: process.platform !== "win32",
        windowsHide: true,
      }),
    );
  } catch (error) {
    // Node throws some of the system's errors, such as E2BIG, and tells others by an event.
    return err(`could not be started: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // It is gone already.
  }
}
