import { loadProject } from "../app/load-project.ts";
import { previewRun, type StepPreview } from "../app/runs/preview-run.ts";
import { choosePipeline, planFor } from "../app/runs/run-pipeline.ts";
import type { CommandCall } from "./command-call.ts";
import { printAtOnce, standardOutput } from "./standard-output.ts";
import { printable, Terminal } from "./terminal.ts";

const WORDS = { run: "would run", cached: "cached", observe: "observes", depends: "depends", skip: "skipped" } as const;

/** Lines below one step; the rest is counted. */
const MAX_LINES = 10;

/** `greenlight plan [pipeline]`: what a run would do with each step, and why. Runs nothing. */
export async function plan(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  const blueprint = await loadProject(place);
  const pipeline = choosePipeline(blueprint, args[0]);
  const planned = await planFor({
    place,
    blueprint,
    pipeline,
    selection: options["local"] === true ? "local" : "branch",
  });
  const steps = await previewRun(call.composition, { place, plan: planned });
  if (call.isJson) {
    printAtOnce(`${JSON.stringify({ plan: planned, steps })}\n`);
    return 0;
  }
  const terminal = new Terminal(standardOutput, process.env);
  // A write for each of ten thousand steps would take longer than to plan them.
  const lines: string[] = [];
  const { branch } = planned.trigger;
  lines.push(terminal.paint("bold", `${planned.project} ${planned.pipeline}  ${branch ?? "no branch"}`));
  const width = Math.min(28, Math.max(...steps.map((step) => step.step.length)));
  let stage = "";
  for (const step of steps) {
    if (step.stage !== stage) lines.push(terminal.paint("bold", step.stage));
    stage = step.stage;
    const needs = step.needs.length > 0 ? terminal.paint("dim", `  needs ${step.needs.join(", ")}`) : "";
    lines.push(`  ${step.step.padEnd(width)}  ${WORDS[step.prediction].padEnd(9)}  ${printable(step.why)}${needs}`);
    for (const line of furtherDifferences(step)) lines.push(terminal.paint("dim", `  ${" ".repeat(width)}    ${line}`));
  }
  for (const { step, why } of planned.dropped)
    lines.push(terminal.paint("dim", `  – ${step}: not in this run, ${why}`));
  printAtOnce(`${lines.join("\n")}\n`);
  return 0;
}

/** Where the reason counts what differs from the last success, each difference has a line. */
function furtherDifferences({ differences, why }: StepPreview): string[] {
  if (differences.every((line) => why.includes(line))) return [];
  const lines = differences.slice(0, MAX_LINES).map(printable);
  return differences.length > MAX_LINES ? [...lines, `and ${differences.length - MAX_LINES} more`] : lines;
}
