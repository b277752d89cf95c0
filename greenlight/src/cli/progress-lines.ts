import { formatProblem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import type { RunEvent, RunStarted, StepEnded, StepRetrying } from "../engine/event.ts";
import type { Outcome } from "../engine/outcome.ts";
import { formatDuration, printable, type Terminal } from "./terminal.ts";
import { clipText, displayWidth, padText } from "./text-width.ts";

const MARKS: Readonly<Record<Outcome, readonly [mark: string, style: "green" | "yellow" | "red" | "dim"]>> = {
  passed: ["✔", "green"],
  warned: ["!", "yellow"],
  failed: ["✖", "red"],
  errored: ["✖", "red"],
  cancelled: ["■", "red"],
  skipped: ["–", "dim"],
  waiting: ["…", "yellow"],
};

/** Of a time, and what separates it from a name; as in the live view. */
export const TIME_COLUMNS = 12;

/**
 * Turns a run's events into plain lines: what started, what ended, why, and how long it took. With `nameColumns` it is
 * brief, and in columns with a view that tells of stages, of what starts and of what nobody has to look at (cached, skipped).
 */
export class ProgressLines {
  readonly #terminal: Terminal;
  readonly #write: (line: string) => void;
  readonly #nameColumns: (() => number) | null;
  readonly #stageOf = new Map<string, string>();
  #width = 12;
  #stage = "";

  constructor(terminal: Terminal, write: (line: string) => void, options: { nameColumns?(): number } = {}) {
    this.#terminal = terminal;
    this.#write = write;
    this.#nameColumns = options.nameColumns ?? null;
  }

  show(event: RunEvent): void {
    switch (event.type) {
      case "run-started":
        this.#start(event, event.runId);
        break;
      case "step-started":
        if (this.#nameColumns !== null) break;
        this.#heading(event.step);
        this.#line("▸", "dim", event.step, this.#terminal.paint("dim", `started: ${printable(event.why)}`));
        break;
      case "run-resumed":
        this.#learn(event);
        this.#write(
          `${this.#terminal.paint("bold", `run ${event.runId}`)}  goes on (${event.mode}): ${printable(event.why)}`,
        );
        break;
      case "run-warned":
        this.#write(this.#terminal.paint("yellow", `warning: ${printable(formatProblem(event.problem))}`));
        break;
      case "cancel-requested":
        this.#write(this.#terminal.paint("yellow", `cancelled by ${printable(event.by)}: ${printable(event.why)}`));
        break;
      case "step-retrying":
        this.#retry(event);
        break;
      case "step-ended":
        this.#end(event);
        break;
      case "approval-wanted":
        this.#line("?", "yellow", event.step, `waits for an approval of ${event.releaseId} for ${event.environment}`);
        break;
      case "approval-answered": {
        const what = event.isGranted ? "granted" : "rejected";
        this.#line("?", "yellow", event.step, `${what} by ${printable(event.by)} (${event.how})`);
        break;
      }
      case "run-ended":
        break;
      default:
        unreachable(event);
    }
  }

  #learn(event: Pick<RunStarted, "stages" | "finally">): void {
    for (const stage of [...event.stages, { name: "finally", steps: event.finally }]) {
      for (const step of stage.steps) {
        this.#stageOf.set(step.name, stage.name);
        this.#width = Math.min(28, Math.max(this.#width, displayWidth(step.name)));
      }
    }
  }

  #start(event: RunStarted, runId: string): void {
    this.#learn(event);
    const { branch, commit, isDirty } = event.trigger;
    const at =
      commit === null ? "no commit" : `${branch ?? "detached"}@${commit.slice(0, 8)}${isDirty ? " + changes" : ""}`;
    this.#write(
      `${this.#terminal.paint("bold", `${event.project} ${event.pipeline}`)}  ${printable(at)}  run ${runId}`,
    );
    for (const { step, why } of event.dropped)
      this.#write(this.#terminal.paint("dim", `  – ${step}: not in this run, ${why}`));
  }

  #retry(event: StepRetrying): void {
    const of = event.attemptLimit === undefined ? "" : ` of ${event.attemptLimit}`;
    const next = `attempt ${event.attempt + 1}${of} in ${formatDuration(event.delayMs)}`;
    const why = printable(event.why).replaceAll("\n", " ");
    this.#line("↻", "yellow", event.step, `attempt ${event.attempt} ${event.outcome}: ${why}; ${next}`);
  }

  #end(event: StepEnded): void {
    if (this.#nameColumns !== null && (event.isFromCache || event.outcome === "skipped")) return;
    this.#heading(event.step);
    const [mark, style] = MARKS[event.outcome];
    const time = formatDuration(event.durationMs);
    const how = event.isFromCache ? `cached ${time}` : event.isAlready ? `already so ${time}` : time;
    const why = printable(event.why).replaceAll("\n", " ");
    const saved = event.isFromCache && event.savedMs >= 500 ? ` (saves ${formatDuration(event.savedMs)})` : "";
    const isBad = event.outcome === "failed" || event.outcome === "errored";
    const outcome = event.outcome === "passed" ? "" : `${event.outcome}: `;
    const isBrief = this.#nameColumns !== null;
    // Where a line is cut, what went wrong has to stand before why it ran.
    const told =
      isBrief && event.outcome !== "passed" ? why.replace(/^(failed, which is allowed: )?ran: .*?; /u, "$1") : why;
    const text = `${isBad ? this.#terminal.paint("red", outcome + told) : outcome + told}${saved}`;
    if (isBrief) this.#line(mark, style, event.step, text, time);
    else this.#line(mark, style, event.step, `${how.padEnd(17)} ${text}`);
  }

  #heading(step: string): void {
    const stage = this.#stageOf.get(step) ?? "";
    if (stage === this.#stage || this.#nameColumns !== null) return;
    this.#stage = stage;
    this.#write(this.#terminal.paint("bold", stage));
  }

  #line(mark: string, style: "green" | "yellow" | "red" | "dim", step: string, text: string, time = ""): void {
    const head = `  ${this.#terminal.paint(style, mark)} `;
    if (this.#nameColumns === null) {
      this.#write(`${head}${padText(printable(step), this.#width)}  ${text}`);
      return;
    }
    const width = this.#nameColumns() - 2;
    const name = padText(clipText(printable(step), width), width);
    this.#write(`${head}${name}${this.#terminal.paint("dim", time.padStart(TIME_COLUMNS))}  ${text}`);
  }
}
