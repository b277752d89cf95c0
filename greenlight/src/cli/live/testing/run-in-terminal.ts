import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

import { TerminalScreen } from "./terminal-screen.ts";

/**
 * Runs a program on a pseudo-terminal of its own. It passes on what the program writes, obeys lines of JSON on its standard
 * input (type something, change the window's size), and ends as the program does. An argument list of one program.
 */
const PTY = `
import fcntl, json, os, pty, select, signal, struct, sys, termios
columns, rows = int(sys.argv[1]), int(sys.argv[2])
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
pending, sources = b"", [master, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if master in ready:
        try:
            data = os.read(master, 65536)
        except OSError:
            data = b""
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            sources = [master]
            os.kill(pid, signal.SIGHUP)
            continue
        pending += data
        while b"\\n" in pending:
            line, pending = pending.split(b"\\n", 1)
            order = json.loads(line)
            if "type" in order:
                os.write(master, order["type"].encode())
            else:
                fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", order["rows"], order["columns"], 0, 0))
                os.kill(pid, signal.SIGWINCH)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
`;

export const HAS_TERMINALS = spawnSync("python3", ["-c", "import pty"]).status === 0;

export interface TerminalRun {
  /** What the terminal shows now. */
  readonly screen: TerminalScreen;
  /** All that was written to it. */
  output(): string;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** The exit status, once it has ended and all was shown. */
  readonly ended: Promise<number>;
  /** Ends it whatever it does; to be called by every test. */
  dispose(): Promise<void>;
}

export function runInTerminal(options: {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
}): TerminalRun {
  const { columns, rows } = options;
  const screen = new TerminalScreen(columns, rows);
  const child = spawn("python3", ["-c", PTY, String(columns), String(rows), options.file, ...options.args], {
    cwd: options.folder,
    env: { ...process.env, CI: "", NO_COLOR: "", TERM: "xterm-256color", ...options.env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.on("error", () => undefined);
  let output = "";
  const decoder = new TextDecoder();
  child.stdout.on("data", (chunk: Buffer) => {
    const text = decoder.decode(chunk, { stream: true });
    output += text;
    screen.write(text);
  });
  const ended = once(child, "close").then(([status]) => (typeof status === "number" ? status : -1));
  const order = (what: object): void => {
    child.stdin.write(`${JSON.stringify(what)}\n`);
  };
  return {
    screen,
    output: () => output,
    type: (text) => order({ type: text }),
    resize: (newColumns, newRows) => {
      screen.resize(newColumns, newRows);
      order({ columns: newColumns, rows: newRows });
    },
    ended,
    dispose: async () => {
      // The end of its input hangs up the terminal; a program that ignores that is killed with the terminal.
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(timer);
    },
  };
}
