import type { RunEvent } from "../../engine/event.ts";
import { logPath } from "../../engine/steps/log-path.ts";
import { ProgressLines } from "../progress-lines.ts";
import type { Terminal } from "../terminal.ts";
import { clipPainted } from "../text-width.ts";
import { closingLines, layOut } from "./live-layout.ts";
import { renderLine } from "./live-line.ts";
import { LiveModel } from "./live-model.ts";
import { LogTails } from "./log-tail.ts";
import { ScreenPainter } from "./screen-painter.ts";
import { StreamCapture } from "./stream-capture.ts";

/** Between two frames, so that a burst of events costs one of them. */
const FRAME_MS = 100;
/** How often it looks for new output and a new second while nothing happens. */
const TICK_MS = 250;
const FALLBACK_COLUMNS = 80;
const FALLBACK_ROWS = 24;
const TAIL_LINES = 2;

export interface LiveOptions {
  readonly output: NodeJS.WriteStream;
  readonly errors: NodeJS.WriteStream;
  readonly terminal: Terminal;
  readonly stateFolder: string;
  now(): number;
}

/**
 * Shows a run on a terminal while it goes on: what is over scrolls away above, the rest stands below and is kept up to
 * date. Everything that is written to the terminal meanwhile is passed through it, so that nothing tears it.
 */
export class LiveView {
  readonly #options: LiveOptions;
  readonly #model = new LiveModel();
  readonly #painter = new ScreenPainter();
  readonly #tails = new LogTails();
  readonly #lines: ProgressLines;
  readonly #captures: readonly StreamCapture[];
  #above: string[] = [];
  #runId = "";
  #pauseCount = 0;
  #isOpen = false;
  #isSuspended = false;
  #lastFrameMs = 0;
  #frame: NodeJS.Timeout | null = null;
  #tick: NodeJS.Timeout | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
    const write = (line: string): number => this.#above.push(clipPainted(line, this.#size().columns - 1));
    this.#lines = new ProgressLines(options.terminal, write, { nameColumns: () => this.#model.state.nameColumns });
    const streams = [options.output, options.errors].filter((stream) => stream.isTTY);
    this.#captures = streams.map((stream) => new StreamCapture(stream, (lines) => this.print(lines)));
  }

  /** What happened before the view was opened, by which it knows what is done. */
  recall(event: RunEvent): void {
    this.#model.apply(event);
  }

  show(event: RunEvent): void {
    this.#runId = event.runId;
    if (!this.#isOpen) this.#open();
    this.#model.apply(event);
    this.#lines.show(event);
    this.#schedule();
  }

  /** Writes lines that stay, above the live ones. */
  print(lines: readonly string[]): void {
    if (!this.#isOpen) {
      for (const line of lines) this.#write(`${line}\n`);
      return;
    }
    this.#above.push(...lines);
    this.#schedule();
  }

  /** Leaves the terminal to somebody else, a question for example, until as many calls of `resume`. */
  pause(): void {
    this.#pauseCount += 1;
    if (this.#pauseCount > 1 || !this.#isOpen) return;
    this.#leave();
  }

  resume(): void {
    this.#pauseCount -= 1;
    if (this.#pauseCount > 0 || !this.#isOpen) return;
    for (const capture of this.#captures) capture.begin();
    this.#paint();
  }

  /** Takes the live lines away, puts one line for each stage in their place, and gives the terminal back. */
  close(): void {
    if (!this.#isOpen) return;
    const room = this.#size().columns - 1;
    const lines = closingLines(this.#model.state, this.#options.now());
    this.#above.push("", ...lines.map((line) => renderLine(line, room)));
    this.#leave();
    this.#isOpen = false;
    clearInterval(this.#tick ?? undefined);
    this.#options.output.off("resize", this.#onResize);
    process.off("exit", this.#onExit);
    process.off("uncaughtExceptionMonitor", this.#onExit);
    process.off("SIGTSTP", this.#onSuspend);
    process.off("SIGCONT", this.#onContinue);
  }

  #open(): void {
    this.#isOpen = true;
    if (this.#pauseCount === 0) for (const capture of this.#captures) capture.begin();
    this.#tick = setInterval(() => this.#paint(), TICK_MS);
    this.#tick.unref();
    this.#options.output.on("resize", this.#onResize);
    process.on("exit", this.#onExit);
    process.on("uncaughtExceptionMonitor", this.#onExit);
    process.on("SIGTSTP", this.#onSuspend);
    process.on("SIGCONT", this.#onContinue);
  }

  /** Writes what has to stay and erases the rest, so that the terminal is as a plain program leaves it. */
  #leave(): void {
    clearTimeout(this.#frame ?? undefined);
    this.#frame = null;
    for (const capture of this.#captures) capture.end();
    const above = this.#above;
    this.#above = [];
    this.#write(this.#painter.erase() + above.map((line) => `${line}\r\n`).join(""));
  }

  #schedule(): void {
    if (this.#frame !== null || !this.#isOpen || this.#pauseCount > 0) return;
    const waitMs = Math.max(0, this.#lastFrameMs + FRAME_MS - this.#options.now());
    this.#frame = setTimeout(() => this.#paint(), Math.min(waitMs, FRAME_MS));
    this.#frame.unref();
  }

  #paint(): void {
    if (!this.#isOpen || this.#pauseCount > 0) return;
    clearTimeout(this.#frame ?? undefined);
    this.#frame = null;
    const nowMs = this.#options.now();
    this.#lastFrameMs = nowMs;
    const paths = new Set<string>();
    const tail = (step: string): readonly string[] => {
      const path = logPath(this.#options.stateFolder, this.#runId, step);
      paths.add(path);
      return this.#tails.read(path, TAIL_LINES);
    };
    const { columns, rows } = this.#size();
    const lines = layOut(this.#model.state, { columns, rows, nowMs, tail });
    this.#tails.keepOnly(paths);
    const above = this.#above;
    this.#above = [];
    this.#write(this.#painter.paint(lines, above, columns));
  }

  #size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#options.output;
    // A terminal that does not know its size says 0.
    return { columns: columns || FALLBACK_COLUMNS, rows: rows || FALLBACK_ROWS };
  }

  #write(text: string): void {
    if (text === "") return;
    const capture = this.#captures.find((each) => each.stream === this.#options.output);
    if (capture === undefined) this.#options.output.write(text);
    else capture.writeThrough(text);
  }

  readonly #onResize = (): void => {
    if (this.#pauseCount > 0) return;
    this.#write(this.#painter.resize(this.#size().columns));
    this.#paint();
  };

  /** However this process comes to its end, and before Node itself writes why. */
  readonly #onExit = (): void => {
    if (this.#pauseCount === 0) this.#leave();
    this.#pauseCount += 1;
  };

  /** Ctrl-Z: the shell gets a whole terminal; what the steps do goes on. */
  readonly #onSuspend = (): void => {
    this.#isSuspended = true;
    this.pause();
    process.kill(process.pid, "SIGSTOP");
  };

  readonly #onContinue = (): void => {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.resume();
  };
}
