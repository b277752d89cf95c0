import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import { problem, ProblemError } from "../../../base/problem.ts";
import { localPath, type ServerPlace } from "./place.ts";

/** One run of the system's ssh, with a script on the server at its other end. */
export interface SshRun {
  /** The server, as people see it. */
  readonly label: string;
  readonly input: Writable;
  readonly output: Readable;
  /** What ssh and the script wrote to standard error, its end at least. */
  errorText(): string;
  /** Resolves to the exit status when it has ended; null: killed. Never rejects. */
  readonly ended: Promise<number | null>;
  kill(): void;
  /** Whether it keeps this process from ending by itself. */
  hold(isHeld: boolean): void;
}

const KEPT_ERROR_CHARACTERS = 8192;
const CONNECT_TIMEOUT_S = 10;
const ALIVE_EVERY_S = 5;
const ALIVE_COUNT = 3;

/**
 * Starts ssh with the user's own keys and configuration. `lines` are what the script reads first. In a session of its own, so that a
 * terminal's Ctrl-C does not reach it: what is under way is undone over this very connection.
 */
export function startSsh(place: ServerPlace, script: string, lines: readonly string[]): SshRun {
  const child = spawn("ssh", sshArguments(place, script), {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
    windowsHide: true,
  });
  let errorText = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errorText = (errorText + text).slice(-KEPT_ERROR_CHARACTERS);
  });
  // A session that ended is noticed by its end; writing into it then is no fault of its own.
  child.stdin.on("error", () => {});
  child.stdout.on("error", () => {});
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      errorText += error.code === "ENOENT" ? NO_SSH : error.message;
      resolve(null);
    });
    child.once("close", (status) => resolve(status));
  });
  child.stdin.write(lines.map((line) => `${line}\n`).join(""));
  return {
    label: place.label,
    input: child.stdin,
    output: child.stdout,
    errorText: () => errorText,
    ended,
    kill: () => void child.kill("SIGKILL"),
    hold: (isHeld) => hold(child, isHeld),
  };
}

/** In place of what ssh would have said. */
export const NO_SSH = "greenlight: there is no ssh on this machine";

/** Options of the command line stand above those of the user's files; of each, the first one counts. */
export function sshArguments({ server, address }: ServerPlace, script: string): readonly string[] {
  const options: Readonly<Record<string, string>> = {
    BatchMode: "yes",
    StrictHostKeyChecking: server.hostKeys === "accept-new" ? "accept-new" : "yes",
    UpdateHostKeys: "no",
    ConnectTimeout: String(CONNECT_TIMEOUT_S),
    ServerAliveInterval: String(ALIVE_EVERY_S),
    ServerAliveCountMax: String(ALIVE_COUNT),
    Compression: server.compression ? "yes" : "no",
    LogLevel: "ERROR",
    RequestTTY: "no",
    RemoteCommand: "none",
    PermitLocalCommand: "no",
    ClearAllForwardings: "yes",
    ForwardAgent: "no",
    ForwardX11: "no",
    ...(server.knownHosts === null ? {} : { UserKnownHostsFile: quoted(localPath(server.knownHosts)) }),
  };
  const identity =
    server.identityFile === null ? [] : ["-o", "IdentitiesOnly=yes", "-i", localPath(server.identityFile)];
  return [
    "-T",
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    ...identity,
    ...(server.sshPort === null ? [] : ["-p", String(server.sshPort)]),
    ...(address.user === null ? [] : ["-l", address.user]),
    "--",
    address.host,
    script,
  ];
}

/** ssh splits some values at spaces. */
function quoted(path: string): string {
  return `"${path}"`;
}

function hold(child: ChildProcessByStdio<Writable, Readable, Readable>, isHeld: boolean): void {
  const change = isHeld ? "ref" : "unref";
  child[change]();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    // The ends of pipes are sockets, though their type does not say so.
    (stream as unknown as Record<"ref" | "unref", (() => void) | undefined>)[change]?.();
  }
}

/** What came before a line that begins with a mark, the rest of that line, and what came after it. */
export interface Marked {
  readonly mark: string;
  readonly before: string;
  readonly line: string;
  readonly after: Buffer;
}

/**
 * Waits for a line that begins with one of `marks`; null when the output ends before, or is too long. Throws a ProblemError when
 * nothing comes in time.
 */
export async function readUntilMark(run: SshRun, marks: readonly string[], timeoutMs: number): Promise<Marked | null> {
  return new Promise((resolve, reject) => {
    let text: Buffer = Buffer.alloc(0);
    const stop = (): void => {
      clearTimeout(timer);
      run.output.off("data", take).off("end", miss).pause();
    };
    const miss = (): void => {
      stop();
      resolve(null);
    };
    const take = (chunk: Buffer): void => {
      text = Buffer.concat([text, chunk]);
      const found = findMark(text, marks);
      if (found === null && text.length < OUTPUT_LIMIT_BYTES) return;
      stop();
      resolve(found);
    };
    const timer = setTimeout(() => {
      stop();
      run.kill();
      const said = run.errorText().trim();
      const message = `no answer within ${timeoutMs / 1000} s${said === "" ? "" : `: ${said}`}`;
      reject(new ProblemError([problem("SERVER_UNREACHABLE", { place: run.label, message })]));
    }, timeoutMs);
    run.output.on("data", take).once("end", miss);
    void run.ended.then((status) => (status === null ? miss() : undefined));
  });
}

const OUTPUT_LIMIT_BYTES = 2 * 1024 * 1024;
const LINE_END = 10;
const SPACE = 32;

/** A mark stands at the beginning of a whole line, alone or before a space. */
function findMark(text: Buffer, marks: readonly string[]): Marked | null {
  for (const mark of marks) {
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
      const end = text.indexOf(LINE_END, at);
      const isWord = [LINE_END, SPACE].includes(text[at + mark.length] ?? 0);
      if (end === -1 || !isWord || (at > 0 && text[at - 1] !== LINE_END)) continue;
      const line = text.toString("utf8", at + mark.length, end).trim();
      return { mark, before: text.toString("utf8", 0, at), line, after: text.subarray(end + 1) };
    }
  }
  return null;
}

/** Its exit status; a client that does not end is ended. Null: it was. */
export async function endOf(run: SshRun): Promise<number | null> {
  const timer = setTimeout(() => run.kill(), END_LIMIT_MS);
  const status = await run.ended;
  clearTimeout(timer);
  return status;
}

const END_LIMIT_MS = 10_000;
