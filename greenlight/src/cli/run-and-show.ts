import type { PlanExecution } from "../app/execute-plan.ts";
import type { ProjectPlace } from "../app/find-project.ts";
import { runPipeline } from "../app/run-pipeline.ts";
import { problem, ProblemError } from "../base/problem.ts";
import type { RunView } from "../engine/run-view.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import type { EnvironmentSelection } from "../pipeline/plan.ts";
import { askAtTerminal } from "./ask-approval.ts";
import type { CommandCall } from "./command-line.ts";
import { ProgressLines } from "./progress-lines.ts";
import { showEnd } from "./run-end.ts";
import { Terminal } from "./terminal.ts";

/** How a run is asked, bounded and watched from the command line, whether it begins or goes on. */
export type Showing = Pick<PlanExecution, "approver" | "concurrency" | "onEvent" | "onWait">;

/** Runs a pipeline and shows it. */
export function runAndShow(
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
  return showRun(call, request.options, (showing) => runPipeline(call.composition, { ...request, ...showing }));
}

/** Shows a run while `start` runs it: lines for a person, or one event a line with `--json`. */
export async function showRun(
  call: CommandCall,
  options: Readonly<Record<string, unknown>>,
  start: (showing: Showing) => Promise<RunView>,
): Promise<RunView> {
  const terminal = new Terminal(process.stdout, process.env);
  const lines = new ProgressLines(terminal, (line) => console.log(line));
  const concurrency = concurrencyOf(options["concurrency"]);
  const view = await start({
    ...(concurrency === undefined ? {} : { concurrency }),
    approver: askAtTerminal({
      isGranted: options["yes"] === true,
      isJson: call.isJson,
      isWaiting: options["wait"] === true,
    }),
    onWait: (holder) => {
      const whom = holder === null ? "another run" : `run ${holder.runId} (process ${holder.pid})`;
      if (!call.isJson) console.log(`waits until ${whom} has ended …`);
    },
    onEvent: (event) => {
      if (call.isJson) console.log(JSON.stringify(event));
      else lines.show(event);
    },
  });
  if (!call.isJson) showEnd(view, terminal, (line) => console.log(line));
  return view;
}

function concurrencyOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 1024) return number;
  throw new ProblemError([
    problem("USAGE", { place: "--concurrency", message: `"${String(value)}" is not a number from 1 to 1024` }),
  ]);
}
