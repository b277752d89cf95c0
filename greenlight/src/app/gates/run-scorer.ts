import { spawn } from "node:child_process";

import { err, ok, type Result } from "../../base/result.ts";
import { endingOf } from "../ending-of.ts";

export interface ScorerCall {
  /** A shell line. */
  readonly run: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What it wrote to its standard error, line by line. */
  log(line: string): void;
}

const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;
const LOG_LIMIT_BYTES = 16 * 1024;
const GRACE_MS = 1000;

/**
 * What a program prints that is given `input`; else the reason why there is nothing. The program and what it leaves in its process
 * group are ended on time-out, cancellation and too much output.
 */
export async function runScorer(call: ScorerCall): Promise<Result<string, string>> {
  if (call.signal.aborted) return err("was cancelled");
  const isWindows = process.platform === "win32";
  const child = spawn(call.run, {
    cwd: call.folder,
    env: { ...call.env },
    shell: true,
    stdio: ["pipe", "pipe", "pipe"],
    detached: !isWindows,
    windowsHide: true,
  });
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(isWindows ? child.pid : -child.pid, signal);
    } catch {
      // It is gone already.
    }
  };
  let fault: string | null = null;
  let killTimer: NodeJS.Timeout | undefined;
  const end = (reason: string): void => {
    fault ??= reason;
    kill("SIGTERM");
    killTimer ??= setTimeout(() => kill("SIGKILL"), GRACE_MS);
  };
  const onAbort = (): void => end("was cancelled");
  call.signal.addEventListener("abort", onAbort, { once: true });
  const timeout = setTimeout(() => end(`did not end within ${call.timeoutMs} ms`), call.timeoutMs);
  const output = collect(child.stdout, OUTPUT_LIMIT_BYTES, () => end(`printed more than ${OUTPUT_LIMIT_BYTES} bytes`));
  const complaints = collect(child.stderr, LOG_LIMIT_BYTES, () => {});
  // A program that ends without reading all of its input is told by how it ends.
  child.stdin.on("error", () => {});
  child.stdin.end(call.input);
  try {
    const ending = await new Promise<string | null>((resolve) => {
      child.once("error", (error: NodeJS.ErrnoException) => resolve(`could not be started: ${error.code ?? ""}`));
      child.once("close", (status, signal) => resolve(endingOf(status, signal)));
      child.once("exit", (status, signal) => {
        kill("SIGKILL");
        // A daemon that left the group may hold the pipe open for ever.
        setTimeout(() => resolve(endingOf(status, signal)), GRACE_MS).unref();
      });
    });
    for (const line of complaints().split("\n")) if (line.trim() !== "") call.log(`scorer: ${line}`);
    const reason = fault ?? ending;
    return reason === null ? ok(output()) : err(reason);
  } finally {
    child.stdout.destroy();
    child.stderr.destroy();
    clearTimeout(timeout);
    clearTimeout(killTimer);
    call.signal.removeEventListener("abort", onAbort);
  }
}

/** Answers what has come so far, cut at the limit. */
function collect(stream: NodeJS.ReadableStream, limitBytes: number, onLimit: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limitBytes) chunks.push(chunk);
    else onLimit();
  });
  return () => Buffer.concat(chunks).toString("utf8");
}
