import { compareRuns, type StepComparison } from "../app/runs/compare-runs.ts";
import type { CommandCall } from "./command-call.ts";
import { printable, Terminal } from "./terminal.ts";

/** `greenlight why [step] --against <run>`: what differs between a step's work in the last run, or that of `--run`, and in another. */
export async function whyAgainst(
  call: CommandCall,
  query: { readonly step: string | undefined; readonly run: string | undefined; readonly against: string },
): Promise<number> {
  const { run, against, steps } = await compareRuns(call.composition, call.place(), query);
  if (call.isJson) {
    console.log(JSON.stringify({ run: run.id, against: against.id, steps }));
    return 0;
  }
  const terminal = new Terminal(process.stdout, process.env);
  console.log(terminal.paint("dim", `run ${run.id} against run ${against.id}`));
  for (const step of steps) {
    console.log(terminal.paint("bold", printable(step.step)));
    console.log(`  ${describe(step)}`);
    for (const line of step.differences ?? []) console.log(`    ${printable(line)}`);
    if (step.outputs.length > 0) console.log(`  put out something else: ${printable(step.outputs.join(", "))}`);
  }
  return 0;
}

function describe({ outcome, outcomeThen, differences, note }: StepComparison): string {
  const ends =
    outcome === outcomeThen ? `${outcome} in both` : `${outcome ?? "not there"}, then ${outcomeThen ?? "not there"}`;
  if (differences === null) return `${ends}; ${note ?? ""}`;
  if (differences.length === 0) return `${ends}; the same inputs`;
  return `${ends}; ${differences.length} ${differences.length === 1 ? "difference" : "differences"}`;
}
