import { loadProject } from "../app/load-project.ts";
import { choosePipeline } from "../app/run-pipeline.ts";
import { exitCodeOf } from "../engine/outcome.ts";
import { listenForCancel } from "./cancellation.ts";
import type { CommandCall } from "./command-line.ts";
import { runAndShow } from "./run-and-show.ts";

/** `greenlight run [pipeline]`: the pipeline for this branch; deploys where the branch deploys. */
export async function run(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  const blueprint = await loadProject(place);
  const pipeline = choosePipeline(blueprint, args[0]);
  const cancellation = listenForCancel();
  try {
    const view = await runAndShow(call, {
      place,
      blueprint,
      pipeline,
      selection: "branch",
      options,
      signal: cancellation.signal,
    });
    return view.outcome === "running" ? 3 : exitCodeOf(view.outcome);
  } finally {
    cancellation.dispose();
  }
}
