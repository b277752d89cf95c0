import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** Bytes of an answer that are looked at; of a longer one the beginning. */
const MAX_ANSWER = 4 << 20;

export interface DockerAnswer {
  /** Null: it was ended, because it took too long or is not wanted any more. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly isLate: boolean;
}

export interface DockerCall {
  /** Milliseconds; after that the client is killed. What the daemon does meanwhile goes on. */
  readonly limitMs: number;
  /** In place of variables of the same name. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Docker's client, as a program: it alone knows contexts, credentials and the ways to a daemon. */
export class Docker {
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
  }

  /** Runs a command of the client to its end. Never throws for what the client answers. */
  call(args: readonly string[], { limitMs, env = {} }: DockerCall): Promise<DockerAnswer> {
    const { promise, resolve } = Promise.withResolvers<DockerAnswer>();
    const child = spawn(this.#program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        if (texts[name].length < MAX_ANSWER) texts[name] += text;
      });
    }
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, limitMs);
    child.once("error", (error) => resolve({ exitCode: null, stdout: "", stderr: error.message, isLate }));
    child.once("close", (exitCode) => resolve({ exitCode, ...texts, isLate }));
    return promise.finally(() => clearTimeout(timer));
  }

  /** Starts a container that was made and appends what it writes, both streams in the order of arrival, to a file. Ends with it. */
  attach(name: string, logPath: string): ChildProcess {
    const log = openSync(logPath, "a");
    try {
      return spawn(this.#program, ["start", "--attach", name], { stdio: ["ignore", log, log] });
    } finally {
      closeSync(log);
    }
  }
}

/** What the client says of a failure, in one line. */
export function saidBy({ stderr, stdout, exitCode, isLate }: DockerAnswer): string {
  if (isLate) return "it gave no answer in time";
  const lines = (stderr.trim() === "" ? stdout : stderr).split("\n").map((line) => line.trim());
  const said = lines.filter(
    (line) => line !== "" && !line.startsWith("See 'docker") && !line.startsWith("Run 'docker"),
  );
  const text = said.join("; ").replace(/^Error(?: response from daemon)?: /u, "");
  return text === "" ? `the client exited with ${exitCode}` : text.slice(0, 600);
}

/** An answer in JSON; null for any other. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
