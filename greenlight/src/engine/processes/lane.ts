import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Socket } from "node:net";

import { err, ok } from "../../base/result.ts";
import { OPENING, scriptOf, type ShellBase } from "./lane-script.ts";
import type { ProcessEnd, ProgramCall, StartFailure, StartResult } from "./started-process.ts";

const SHELL = "/bin/bash";
/** Milliseconds that a killed shell may take to be gone. */
const END_MS = 1000;
const GONE: StartFailure = { kind: "not-started", message: "the shell that was to start it was killed" };

/** A small shell that starts one program at a time and waits for it. Scripts reach it over a pipe. */
export class Lane {
  readonly base: ShellBase;
  /** False: this system has no shell that will do. */
  readonly isFit: Promise<boolean>;
  readonly #child: ChildProcess;
  readonly #onGone: () => void;
  #answerFit: (isFit: boolean) => void = () => undefined;
  #waiting: Waiting | null = null;
  #text = "";
  #isGone = false;

  constructor(base: ShellBase, onGone: () => void) {
    this.base = base;
    this.#onGone = onGone;
    this.isFit = new Promise((resolve) => {
      this.#answerFit = resolve;
    });
    this.#child = spawn(SHELL, ["--noprofile", "--norc", "-s"], {
      cwd: base.folder,
      env: base.env,
      stdio: ["pipe", "pipe", "ignore"],
      // Away from the terminal, so that Ctrl-C reaches the engine alone.
      detached: true,
    });
    this.#child.stdout?.setEncoding("latin1");
    this.#child.stdout?.on("data", (text: string) => this.#read(text));
    this.#child.stdin?.on("error", () => undefined);
    this.#child.unref();
    (this.#child.stdin as Socket | null)?.unref();
    for (const end of ["error", "close"]) this.#child.once(end, () => this.#end());
    this.#child.stdin?.write(OPENING);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Starts the program; only when the one before has ended. */
  run(call: ProgramCall): Promise<StartResult> {
    if (this.#isGone) return Promise.resolve(err(GONE));
    return new Promise((resolve) => {
      this.#waiting = { call, answer: resolve, end: () => undefined, isLogUnwritable: false };
      this.#hold(true);
      this.#child.stdin?.write(scriptOf(call, this.base));
    });
  }

  /**
   * Ends the shell, and waits for that: nothing of a run is left behind it. One that still waits for its program ends
   * after that, and is not waited for. The program is not touched.
   */
  async close(): Promise<void> {
    const isIdle = this.#waiting === null;
    if (isIdle) this.#child.kill("SIGKILL");
    else this.#child.stdin?.end();
    this.#hold(false);
    if (!isIdle || this.#isGone) return;
    this.#child.ref();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, END_MS);
      this.#child.once("exit", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#child.unref();
  }

  #read(text: string): void {
    const lines = `${this.#text}${text}`.split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.#hear(line.split(" "));
  }

  #hear([kind, first, second]: readonly string[]): void {
    const waiting = this.#waiting;
    if (kind === "r") {
      this.#answerFit(true);
      this.#hold(waiting !== null);
    }
    if (waiting === null) return;
    if (kind === "l") waiting.isLogUnwritable = true;
    if (kind === "p") {
      const ended = new Promise<ProcessEnd>((resolve) => {
        waiting.end = resolve;
      });
      waiting.answer(
        ok({ pid: Number(first), ended, drain: async () => null, abandon: () => void this.#child.kill("SIGKILL") }),
      );
    }
    if (kind !== "x") return;
    this.#waiting = null;
    this.#hold(false);
    const failure = waiting.isLogUnwritable ? logFailure(waiting.call.logPath) : null;
    waiting.end({ exitCode: Number(first), signalName: null, mayHaveLeft: second === "0", failure });
  }

  /** Whether it keeps this process alive: an idle shell must not. */
  #hold(isHeld: boolean): void {
    const stdout = this.#child.stdout as Socket | null;
    if (isHeld) stdout?.ref();
    else stdout?.unref();
  }

  #end(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#answerFit(false);
    this.#onGone();
    this.#waiting?.answer(err(GONE));
    // Whoever waits for it ends its group, so this is what becomes of it.
    this.#waiting?.end({ exitCode: null, signalName: "SIGKILL", mayHaveLeft: true, failure: null });
    this.#waiting = null;
  }
}

interface Waiting {
  readonly call: ProgramCall;
  readonly answer: (result: StartResult) => void;
  end: (end: ProcessEnd) => void;
  isLogUnwritable: boolean;
}

/** The shell has said that it can't open the log; this asks the system why. */
function logFailure(path: string): StartFailure {
  try {
    closeSync(openSync(path, "a"));
    return { kind: "log-failed", message: "it could not be opened" };
  } catch (error) {
    return { kind: "log-failed", message: error instanceof Error ? error.message : String(error) };
  }
}
