import { relative } from "node:path";

import { findingLines, flakyTestLines, idleNotices } from "../app/finding-lines.ts";
import { formatProblem, type Problem } from "../base/problem.ts";
import type { RunView, StepView } from "../engine/run-view.ts";
import { formatDuration, oneLine, printable, type Terminal } from "./terminal.ts";
import { clipText, wrapText } from "./text-width.ts";

/** So many failures are shown with what they wrote; of the others only the names. */
const SHOWN_FAILURES = 3;
const NAMED_FAILURES = 10;
/** Of so many allowed failures the reason is shown before the outcome; so many warned steps are named behind it. */
const SHOWN_ALLOWED = 5;
const NAMED_WARNED = 10;
/** A step may have thousands: one for each file that it should not have written. */
const SHOWN_PROBLEMS = 10;

interface EndOutput {
  readonly terminal: Terminal;
  write(line: string): void;
  /** Columns to which the output of steps is cut; null: not at all. */
  readonly columns: number | null;
  /** The last lines that a step wrote, oldest first, free of control characters. */
  lastLines(step: StepView): readonly string[];
}

/**
 * The last lines of a run: what is live, the report's path, what a person has to know, outcome and counts; and last of all,
 * where the eye is, what failed, why, what it wrote, and the commands that lead on.
 */
export function showEnd(view: RunView, output: EndOutput): void {
  const { terminal, write } = output;
  const steps = view.stages.flatMap((stage) => stage.steps);
  write("");
  for (const step of steps) {
    const { url, releaseId, environment } = step.facts;
    if (typeof url !== "string" || typeof environment !== "string" || !step.name.startsWith("deploy")) continue;
    write(`  ${environment.padEnd(11)} ${url}  ${typeof releaseId === "string" ? releaseId : ""}`);
  }
  const report = steps.find((step) => typeof step.facts["html"] === "string")?.facts["html"];
  if (typeof report === "string") write(`  report      ${nearPath(report)}`);
  for (const warning of view.warnings) writeProblem(output, warning, { indent: "", style: "yellow" });
  for (const step of steps.filter(({ isAllowedFailure }) => isAllowedFailure).slice(0, SHOWN_ALLOWED)) {
    const [first = "", ...rest] = fitted(`${printable(step.name)}: ${oneLine(step.why)}`, "", output);
    write(`${terminal.paint("yellow", "!")} ${first}`);
    for (const line of rest) write(line);
    write(`  all it wrote:   greenlight logs ${view.id} --step ${quoted(step.name)}`);
  }
  const others = steps.filter((step) => step.problems.length > 0 && !isFailure(step) && !step.isAllowedFailure);
  for (const step of others) {
    write(terminal.paint("yellow", `${step.outcome}: ${printable(step.name)}`));
    for (const problem of step.problems.slice(0, SHOWN_PROBLEMS))
      writeProblem(output, problem, { indent: "  ", style: null });
    countMore(step.problems.length - SHOWN_PROBLEMS, output);
  }
  for (const notice of idleNotices(view)) writeProblem(output, notice, { indent: "", style: "dim" });
  for (const line of [...flakyTestLines(view), ...(view.outcome === "passed" ? [] : findingLines(view))]) {
    const text = printable(line);
    write(output.columns === null ? text : clipText(text, output.columns));
  }
  write(outcomeLine(view, steps, terminal));
  if (view.outcome === "waiting") {
    write(`  An approval is wanted: \`greenlight approve\`, then \`greenlight resume ${view.id}\`.`);
  }
  showWarned(
    steps.filter((step) => step.outcome === "warned"),
    output,
  );
  showFailures(view, steps.filter(isFailure), output);
  if (view.outcome === "cancelled") write(`  go on: greenlight retry ${view.id}`);
}

/** Which steps warned, and in a few words why: a person looks at the last lines only. */
function showWarned(warned: readonly StepView[], output: EndOutput): void {
  const { terminal, write } = output;
  for (const step of warned.slice(0, NAMED_WARNED)) {
    const [first] = step.problems;
    const why =
      step.isAllowedFailure || first === undefined ? oneLine(step.why) : `${first.code}: ${firstLine(first.message)}`;
    const text = `! ${printable(step.name)}: ${oneLine(why)}`;
    const line = output.columns === null ? `  ${text}` : clipText(`  ${text}`, output.columns);
    write(terminal.paint("yellow", line));
  }
  if (warned.length > NAMED_WARNED) write(`  … and ${warned.length - NAMED_WARNED} more that warned`);
}

function countMore(more: number, { write }: EndOutput): void {
  if (more > 0) write(`  … and ${more} more problems of this step`);
}

function showFailures(view: RunView, failures: readonly StepView[], output: EndOutput): void {
  const { terminal, write } = output;
  // The first one is most likely the cause of the others, so it comes last.
  for (const step of failures.slice(0, SHOWN_FAILURES).toReversed()) {
    write("");
    const attempts = step.attempts > 1 ? `, in attempt ${step.attempts}` : "";
    const head = `✖ ${printable(step.name)} ${step.outcome} after ${formatDuration(step.durationMs)}${attempts}`;
    write(terminal.paint("red", terminal.paint("bold", head)));
    const lines = output.lastLines(step);
    for (const problem of step.problems.slice(0, SHOWN_PROBLEMS)) {
      const isShownBelow = problem.code === "COMMAND_FAILED" && lines.length > 0;
      if (!isShownBelow) writeProblem(output, problem, { indent: "  ", style: null });
      else
        for (const line of fitted(`${problem.code}: ${printable(firstLine(problem.message))}`, "  ", output))
          write(line);
    }
    countMore(step.problems.length - SHOWN_PROBLEMS, output);
    if (step.why !== "") for (const line of fitted(oneLine(step.why), "  ", output)) write(line);
    for (const line of lines) {
      const cut = output.columns === null ? line : clipText(line, output.columns - 4);
      write(`  ${terminal.paint("dim", "│")} ${cut}`);
    }
    if (lines.length > 0) write(`  all it wrote:   greenlight logs ${view.id} --step ${quoted(step.name)}`);
  }
  const rest = failures.slice(SHOWN_FAILURES);
  if (rest.length > 0) {
    write("");
    for (const step of rest.slice(0, NAMED_FAILURES)) {
      const [first] = step.problems;
      const what = first === undefined ? oneLine(step.why) : `${first.code}: ${printable(firstLine(first.message))}`;
      for (const line of fitted(`failed too: ${printable(step.name)}: ${what}`, "  ", output)) write(line);
    }
    if (rest.length > NAMED_FAILURES) write(`  … and ${rest.length - NAMED_FAILURES} more`);
  }
  if (failures.length > 0) write(`  when mended:    greenlight retry ${view.id}`);
}

/** As short as it can be opened from here. */
function nearPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near.length < path.length && !near.startsWith("..") ? near : path;
}

function outcomeLine(view: RunView, steps: readonly StepView[], terminal: Terminal): string {
  // A step that was skipped, cancelled in time or left for another part was never started.
  const ran = steps.filter((step) => step.kind === "task" && step.attempts > 0 && !step.isFromCache).length;
  const cached = steps.filter((step) => step.isFromCache);
  const savedMs = cached.reduce((sum, step) => sum + step.savedMs, 0);
  const retried = steps.filter((step) => step.retries.length > 0).length;
  const counts =
    count(ran === 1 ? "task ran" : "tasks ran", ran) +
    count("cached", cached.length) +
    (savedMs >= 500 ? ` (saved ${formatDuration(savedMs)})` : "") +
    count("already so", steps.filter((step) => step.isAlready).length) +
    count("warned", steps.filter((step) => step.outcome === "warned").length) +
    count("tried again", retried) +
    count("skipped", steps.filter((step) => step.outcome === "skipped").length) +
    count("left for another part", view.pending.length);
  const style =
    view.outcome === "passed" ? "green" : view.outcome === "warned" || view.outcome === "waiting" ? "yellow" : "red";
  const outcome = terminal.paint(style, terminal.paint("bold", view.outcome));
  return `${outcome} in ${formatDuration(view.durationMs ?? 0)}${counts}`;
}

function writeProblem(
  output: EndOutput,
  problem: Problem,
  how: { readonly indent: string; readonly style: "yellow" | "dim" | null },
): void {
  for (const text of formatProblem(problem).split("\n")) {
    const own = `${how.indent}${/^ */u.exec(text)?.[0] ?? ""}`;
    for (const line of fitted(printable(text).trimStart(), own, output)) {
      output.write(how.style === null ? line : output.terminal.paint(how.style, line));
    }
  }
}

/** The text behind `indent`, in as many lines as the window needs; in one where there is no window. */
function fitted(text: string, indent: string, { columns }: EndOutput): readonly string[] {
  const lines = columns === null ? [text] : wrapText(text, columns - indent.length - 2);
  return lines.map((line, index) => (index === 0 ? `${indent}${line}` : `${indent}  ${line}`));
}

/** Of a failed command the message brings its last output too; that is shown from the log, at more length. */
function firstLine(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/; its last lines:$/u, "");
}

export function isFailure(step: StepView): boolean {
  return step.outcome === "failed" || step.outcome === "errored";
}

function count(what: string, number: number): string {
  return number === 0 ? "" : `, ${number} ${what}`;
}

/** As a shell takes it for one word. */
function quoted(name: string): string {
  return /^[\w./:@-]+$/u.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}
