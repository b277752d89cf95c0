import type { ProjectPlace } from "../app/find-project.ts";
import type { PlanExecution } from "../app/runs/execute-plan.ts";
import { runPipeline } from "../app/runs/run-pipeline.ts";
import { problem, ProblemError } from "../base/problem.ts";
import type { RunView } from "../engine/run-view.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import type { EnvironmentSelection } from "../pipeline/plan.ts";
import { askAtTerminal } from "./ask-approval.ts";
import type { CommandCall } from "./command-call.ts";
import { openRunDisplay } from "./run-display.ts";

/** How a run is asked, bounded and watched from the command line, whether it begins or goes on. */
export type Showing = Pick<PlanExecution, "approver" | "concurrency" | "onEvent" | "onWait" | "onNotice">;

/** Runs a pipeline and shows it. */
export async function runAndShow(
  call: CommandCall,
  request: {
    readonly place: ProjectPlace;
    readonly blueprint: Blueprint;
    readonly pipeline: string;
    readonly selection: EnvironmentSelection;
    readonly options: Readonly<Record<string, unknown>>;
    readonly signal: AbortSignal;
  },
): Promise<RunView> {
  // Only `run --watch` starts a run with a channel to itself.
  if (process.send !== undefined) await (await import("./tell-watcher.ts")).tellWatcher(request);
  return showRun(call, request.options, (showing) => runPipeline(call.composition, { ...request, ...showing }));
}

/** Shows a run while `start` runs it. */
export async function showRun(
  call: CommandCall,
  options: Readonly<Record<string, unknown>>,
  start: (showing: Showing) => Promise<RunView>,
): Promise<RunView> {
  const concurrency = concurrencyOf(options["concurrency"]);
  const isGranted = options["yes"] === true;
  const ask = askAtTerminal({ isGranted, isJson: call.isJson, isWaiting: options["wait"] === true });
  // Only a question that somebody reads needs the terminal for itself.
  const isAsked = (): boolean => !isGranted && process.stdin.isTTY;
  const place = call.place();
  const telemetry =
    options["otel"] === true ? await (await import("./show-telemetry.ts")).openTrace(call, place) : null;
  const display = await openRunDisplay(call, place);
  const ended = new Set<string>();
  try {
    const view = await start({
      ...(concurrency === undefined ? {} : { concurrency }),
      approver: (request, signal) => (isAsked() ? display.aside(() => ask(request, signal)) : ask(request, signal)),
      onWait: (holder) => {
        const whom = holder === null ? "another run" : `run ${holder.runId} (process ${holder.pid})`;
        display.say(`waits until ${whom} has ended …`);
      },
      onNotice: (line) => display.say(line),
      onEvent: (event) => {
        display.show(event);
        telemetry?.show(event);
        if (event.type === "step-ended") ended.add(event.step);
      },
    });
    await display.end(view);
    if (process.env["GITHUB_ACTIONS"] === "true" && !call.isJson) {
      const { annotationLines } = await import("../app/annotate.ts");
      const lines = annotationLines(view, { steps: ended, projectFolder: place.folder });
      if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
    }
    return view;
  } finally {
    display.close();
    await telemetry?.end();
  }
}

function concurrencyOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 1024) return number;
  throw new ProblemError([
    problem("USAGE", { place: "--concurrency", message: `"${String(value)}" is not a number from 1 to 1024` }),
  ]);
}
