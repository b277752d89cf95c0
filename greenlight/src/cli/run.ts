import { loadProject } from "../app/load-project.ts";
import { readWho } from "../app/read-checkout.ts";
import { choosePipeline } from "../app/runs/run-pipeline.ts";
import { formatProblem } from "../base/problem.ts";
import { exitCodeOf, type Outcome } from "../engine/outcome.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import { listenForCancel } from "./cancellation.ts";
import type { CommandCall } from "./command-call.ts";
import type { PartOptions } from "./part-options.ts";
import { runAndShow, showRun } from "./run-and-show.ts";
import { printable } from "./terminal.ts";

const PART_OPTIONS = ["stage", "step", "matrix", "run", "part", "handover"];

/**
 * `greenlight run [pipeline]`: the pipeline for this branch; deploys where the branch deploys. With `--stage` only a part of
 * it, of a run that may have begun on another machine. With `--watch` again and again.
 */
export async function run(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  if (options["watch"] === true) return (await import("./watch.ts")).watch(call);
  const part = PART_OPTIONS.some((name) => options[name] !== undefined) ? await readPart(options) : null;
  const place = call.place();
  const blueprint = await loadProject(place);
  const pipeline = choosePipeline(blueprint, args[0]);
  const cancellation = listenForCancel();
  try {
    const { signal } = cancellation;
    if (part !== null) return exitCodeOf(await showPart(call, { blueprint, pipeline, part, options, signal }));
    const view = await runAndShow(call, { place, blueprint, pipeline, selection: "branch", options, signal });
    return view.outcome === "running" ? 3 : exitCodeOf(view.outcome);
  } finally {
    cancellation.dispose();
  }
}

async function showPart(
  call: CommandCall,
  request: {
    readonly blueprint: Blueprint;
    readonly pipeline: string;
    readonly part: PartOptions;
    readonly options: Readonly<Record<string, unknown>>;
    readonly signal: AbortSignal;
  },
): Promise<Outcome> {
  const { openPart } = await import("../app/handover/open-part.ts");
  const ready = await openPart(call.composition, {
    ...request.part,
    place: call.place(),
    blueprint: request.blueprint,
    pipeline: request.pipeline,
    signal: request.signal,
    isCancelled: process.env["GREENLIGHT_CANCELLED"] === "true",
    by: readWho(process.env),
  });
  if (ready.only.size === 0) {
    const { stages, steps } = request.part.selection;
    if (call.isJson) console.log(JSON.stringify({ runId: ready.runId, steps: [], dropped: ready.dropped }));
    else console.log(`Nothing to do in ${[...stages, ...steps].join(", ")} for this run.`);
    return "passed";
  }
  let outcome: Outcome = "errored";
  await showRun(call, request.options, async (showing) => {
    const end = await ready.run(showing);
    ({ outcome } = end);
    for (const each of end.problems) console.error(printable(formatProblem(each)));
    return end.view;
  });
  return outcome;
}

/** Its checks bring a library along that a whole run does not need. */
async function readPart(options: Readonly<Record<string, unknown>>): Promise<PartOptions | null> {
  const { readPartOptions } = await import("./part-options.ts");
  return readPartOptions(options);
}
