import { formatProblem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import type { RunEvent, RunStarted, StepEnded } from "../engine/event.ts";
import type { Outcome } from "../engine/outcome.ts";
import { formatDuration, printable, type Terminal } from "./terminal.ts";

const MARKS: Readonly<Record<Outcome, readonly [mark: string, style: "green" | "yellow" | "red" | "dim"]>> = {
  passed: ["✔", "green"],
  warned: ["!", "yellow"],
  failed: ["✖", "red"],
  errored: ["✖", "red"],
  cancelled: ["■", "red"],
  skipped: ["–", "dim"],
  waiting: ["…", "yellow"],
};

/** Turns a run's events into plain lines: what started, what ended, why, and how long it took. */
export class ProgressLines {
  readonly #terminal: Terminal;
  readonly #write: (line: string) => void;
  readonly #stageOf = new Map<string, string>();
  #width = 12;
  #stage = "";

  constructor(terminal: Terminal, write: (line: string) => void) {
    this.#terminal = terminal;
    this.#write = write;
  }

  show(event: RunEvent): void {
    switch (event.type) {
      case "run-started":
        this.#start(event, event.runId);
        break;
      case "step-started":
        this.#heading(event.step);
        this.#line("▸", "dim", event.step, this.#terminal.paint("dim", `started: ${printable(event.why)}`));
        break;
      case "run-resumed":
        this.#write(this.#terminal.paint("dim", `goes on (${event.mode}): ${printable(event.why)}`));
        break;
      case "run-warned":
        this.#write(this.#terminal.paint("yellow", `warning: ${printable(formatProblem(event.problem))}`));
        break;
      case "cancel-requested":
        this.#write(this.#terminal.paint("yellow", `cancelled by ${printable(event.by)}: ${printable(event.why)}`));
        break;
      case "step-retrying":
        this.#line("↻", "yellow", event.step, `attempt ${event.attempt} ${event.outcome}: ${printable(event.why)}`);
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

  #start(event: RunStarted, runId: string): void {
    for (const stage of [...event.stages, { name: "finally", steps: event.finally }]) {
      for (const step of stage.steps) {
        this.#stageOf.set(step.name, stage.name);
        this.#width = Math.min(28, Math.max(this.#width, step.name.length));
      }
    }
    const { branch, commit, isDirty } = event.trigger;
    const at =
      commit === null ? "no commit" : `${branch ?? "detached"}@${commit.slice(0, 8)}${isDirty ? " + changes" : ""}`;
    this.#write(
      `${this.#terminal.paint("bold", `${event.project} ${event.pipeline}`)}  ${printable(at)}  run ${runId}`,
    );
    for (const { step, why } of event.dropped)
      this.#write(this.#terminal.paint("dim", `  – ${step}: not in this run, ${why}`));
  }

  #end(event: StepEnded): void {
    this.#heading(event.step);
    const [mark, style] = MARKS[event.outcome];
    const time = formatDuration(event.durationMs);
    const how = event.isFromCache ? `cached ${time}` : event.isAlready ? `already so ${time}` : time;
    const why = printable(event.why).replaceAll("\n", " ");
    const saved = event.isFromCache && event.savedMs >= 500 ? ` (saves ${formatDuration(event.savedMs)})` : "";
    const isBad = event.outcome === "failed" || event.outcome === "errored";
    const outcome = event.outcome === "passed" ? "" : `${event.outcome}: `;
    this.#line(
      mark,
      style,
      event.step,
      `${how.padEnd(17)} ${isBad ? this.#terminal.paint("red", outcome + why) : outcome + why}${saved}`,
    );
  }

  #heading(step: string): void {
    const stage = this.#stageOf.get(step) ?? "";
    if (stage === this.#stage) return;
    this.#stage = stage;
    this.#write(this.#terminal.paint("bold", stage));
  }

  #line(mark: string, style: "green" | "yellow" | "red" | "dim", step: string, text: string): void {
    this.#write(`  ${this.#terminal.paint(style, mark)} ${step.padEnd(this.#width)}  ${text}`);
  }
}
