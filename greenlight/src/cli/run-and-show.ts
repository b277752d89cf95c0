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

/** Runs a pipeline and shows it: lines for a person, or one event a line with `--json`. */
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
  const terminal = new Terminal(process.stdout, process.env);
  const lines = new ProgressLines(terminal, (line) => console.log(line));
  const concurrency = concurrencyOf(request.options["concurrency"]);
  const view = await runPipeline(call.composition, {
    ...request,
    ...(concurrency === undefined ? {} : { concurrency }),
    approver: askAtTerminal({ isGranted: request.options["yes"] === true, isJson: call.isJson }),
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
