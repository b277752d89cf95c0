import { formatProblem } from "../base/problem.ts";
import type { RunView } from "../engine/run-view.ts";
import { formatDuration, printable, type Terminal } from "./terminal.ts";

/** The last lines of a run: the failure where the eye is, then outcome, counts, what is live, and the report's path. */
export function showEnd(view: RunView, terminal: Terminal, write: (line: string) => void): void {
  const steps = view.stages.flatMap((stage) => stage.steps);
  const bad = steps.filter((step) => step.problems.length > 0);
  write("");
  for (const step of bad) {
    write(terminal.paint("red", `${step.outcome}: ${step.name}`));
    for (const problem of step.problems)
      for (const line of formatProblem(problem).split("\n")) write(`  ${printable(line)}`);
  }
  const ran = steps.filter((step) => step.kind === "task" && step.outcome !== "skipped" && !step.isFromCache).length;
  const counts =
    count("tasks ran", ran) +
    count("cached", steps.filter((step) => step.isFromCache).length) +
    count("already so", steps.filter((step) => step.isAlready).length) +
    count("skipped", steps.filter((step) => step.outcome === "skipped").length);
  const style =
    view.outcome === "passed" ? "green" : view.outcome === "warned" || view.outcome === "waiting" ? "yellow" : "red";
  write(
    `${terminal.paint(style, terminal.paint("bold", view.outcome))} in ${formatDuration(view.durationMs ?? 0)}${counts}`,
  );
  for (const step of steps) {
    const { url, releaseId, environment } = step.facts;
    if (typeof url !== "string" || typeof environment !== "string" || !step.name.startsWith("deploy")) continue;
    write(`  ${environment.padEnd(11)} ${url}  ${typeof releaseId === "string" ? releaseId : ""}`);
  }
  const report = steps.find((step) => typeof step.facts["html"] === "string")?.facts["html"];
  if (typeof report === "string") write(`  report      ${report}`);
  if (view.outcome === "waiting") write("  An approval is wanted: run at a terminal and answer, or pass --yes.");
}

function count(what: string, number: number): string {
  return number === 0 ? "" : `, ${number} ${what}`;
}
