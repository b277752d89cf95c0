import { loadProject } from "../app/load-project.ts";
import { stepsOfView } from "../app/runs/named-steps.ts";
import { previewRun } from "../app/runs/preview-run.ts";
import { openLastRun } from "../app/runs/read-runs.ts";
import { planFor } from "../app/runs/run-pipeline.ts";
import type { CommandCall } from "./command-call.ts";
import { printable, Terminal } from "./terminal.ts";

/** `greenlight why [step]`: why each step ran in the last run, and what changed since; with `--against`, since which run. */
export async function why(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { run, against } = options;
  if (typeof against === "string") {
    const { whyAgainst } = await import("./why-against.ts");
    return whyAgainst(call, { step: args[0], run: typeof run === "string" ? run : undefined, against });
  }
  const place = call.place();
  const blueprint = await loadProject(place);
  const view = await openLastRun(call.composition, place, typeof run === "string" ? run : undefined);
  const hadLocal = view.stages.some((stage) => stage.steps.some((step) => step.environment !== null));
  const planned = await planFor({
    place,
    blueprint,
    pipeline: view.pipeline,
    selection: hadLocal ? "local" : "branch",
  });
  const previews = new Map(
    (await previewRun(call.composition, { place, plan: planned })).map((each) => [each.step, each]),
  );
  const steps = stepsOfView(view, args[0]);
  const answers = steps.map((step) => {
    const preview = previews.get(step.name);
    return {
      step: step.name,
      run: view.id,
      outcome: step.outcome,
      why: step.why,
      now:
        preview === undefined
          ? null
          : { prediction: preview.prediction, why: preview.why, differences: preview.differences },
    };
  });
  if (call.isJson) {
    console.log(JSON.stringify({ run: view.id, steps: answers }));
    return 0;
  }
  const terminal = new Terminal(process.stdout, process.env);
  for (const answer of answers) {
    console.log(terminal.paint("bold", answer.step));
    console.log(`  run ${view.id}: ${answer.outcome}; ${printable(answer.why)}`);
    if (answer.now !== null) console.log(`  now: ${answer.now.prediction}; ${printable(answer.now.why)}`);
    if (args[0] !== undefined) for (const line of answer.now?.differences ?? []) console.log(`    ${printable(line)}`);
  }
  return 0;
}
