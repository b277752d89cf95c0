import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";

/** One program to start. Its standard input is empty; what it writes is appended to the log file. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
}

export interface Launched {
  /** The leader of the program's own process group; null when it never started. */
  readonly pid: Promise<number | null>;
  /** Null when the shell that waited for it is gone. A program ended by signal N counts as 128 + N, as in every shell. */
  readonly exitCode: Promise<number | null>;
}

const SHELL = "/bin/bash";

/**
 * Starts programs by way of small shells. A process is made by copying the page tables of its parent, and every page that
 * the parent writes afterwards is copied too: for a parent of a hundred megabytes that costs several times as much as the
 * program itself, for a shell next to nothing. Job control gives each program a process group of its own. Scripts reach
 * the shell over a pipe, so that nothing of them can be seen in a list of processes.
 */
export class StepLauncher {
  readonly #idle: Shell[] = [];
  readonly #all = new Set<Shell>();

  /** True where the shell is there; elsewhere programs are started directly. */
  static isAvailable(): boolean {
    return process.platform !== "win32" && existsSync(SHELL);
  }

  launch(call: Launch): Launched {
    const shell = this.#idle.pop() ?? this.#open(call);
    return shell.run(call);
  }

  /** Lets the shells end. What still runs is not touched. */
  close(): void {
    for (const shell of this.#all) shell.close();
    this.#all.clear();
    this.#idle.length = 0;
  }

  #open(call: Launch): Shell {
    const shell: Shell = new Shell(call, {
      onIdle: () => this.#idle.push(shell),
      onGone: () => {
        this.#all.delete(shell);
        const at = this.#idle.indexOf(shell);
        if (at >= 0) this.#idle.splice(at, 1);
      },
    });
    this.#all.add(shell);
    return shell;
  }
}

interface Waiting {
  pid(pid: number | null): void;
  exit(code: number | null): void;
}

/** One shell, which runs one program at a time. */
class Shell {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #onIdle: () => void;
  #waiting: Waiting | null = null;
  #text = "";

  constructor(first: Launch, events: { readonly onIdle: () => void; readonly onGone: () => void }) {
    this.#folder = first.folder;
    this.#env = first.env;
    this.#onIdle = events.onIdle;
    this.#child = spawn(SHELL, ["--noprofile", "--norc", "-s"], {
      cwd: first.folder,
      env: first.env,
      stdio: ["pipe", "pipe", "ignore"],
      // Away from the terminal, so that Ctrl-C reaches the engine alone.
      detached: true,
    });
    this.#child.stdout?.setEncoding("latin1");
    this.#child.stdout?.on("data", (text: string) => this.#read(text));
    this.#child.stdin?.on("error", () => undefined);
    for (const end of ["error", "exit"]) {
      this.#child.once(end, () => {
        events.onGone();
        this.#waiting?.pid(null);
        this.#waiting?.exit(null);
        this.#waiting = null;
      });
    }
    // Job control gives each program a group of its own; the shell's own variables are none of a step's.
    this.#child.stdin?.write("set -m; export -n PWD OLDPWD SHLVL\n");
  }

  run(call: Launch): Launched {
    const pid = Promise.withResolvers<number | null>();
    const exit = Promise.withResolvers<number | null>();
    this.#waiting = { pid: pid.resolve, exit: exit.resolve };
    this.#child.ref();
    this.#child.stdin?.write(scriptOf(call, { folder: this.#folder, env: this.#env }));
    return { pid: pid.promise, exitCode: exit.promise };
  }

  close(): void {
    this.#child.stdin?.end();
    this.#child.unref();
  }

  #read(text: string): void {
    const lines = `${this.#text}${text}`.split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) {
      const number = Number(line.slice(2));
      if (line.startsWith("p ")) this.#waiting?.pid(number);
      else if (line.startsWith("x ")) {
        const waiting = this.#waiting;
        this.#waiting = null;
        // An idle shell must not keep the engine from ending.
        this.#child.unref();
        this.#onIdle();
        waiting?.exit(number);
      }
    }
  }
}

function scriptOf(call: Launch, shell: Pick<Launch, "folder" | "env">): string {
  const before: string[] = [];
  if (call.folder !== shell.folder) before.push(`cd -- ${quoted(call.folder)} || exit 126`);
  for (const [name, value] of Object.entries(call.env)) {
    if (shell.env[name] !== value) before.push(`export ${checkedName(name)}=${quoted(value)}`);
  }
  for (const name of Object.keys(shell.env))
    if (!Object.hasOwn(call.env, name)) before.push(`unset ${checkedName(name)}`);
  const program = [call.file, ...call.args].map(quoted).join(" ");
  const body = [...before, `exec ${program}`].join("\n");
  return `(\n${body}\n) </dev/null >>${quoted(call.logPath)} 2>&1 &\necho "p $!"\nwait $!\necho "x $?"\n`;
}

/** A word that means itself: between single quotes only the single quote is special. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function checkedName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/u.test(name)) throw new Error(`not the name of a variable: ${name}`);
  return name;
}

/** The signal that an exit status of a shell speaks of; null when it speaks of none. */
export function signalOfStatus(status: number): NodeJS.Signals | null {
  if (status <= 128 || status > 128 + 64) return null;
  const found = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return (found?.[0] as NodeJS.Signals | undefined) ?? null;
}
