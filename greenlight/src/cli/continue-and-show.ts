import { loadProject } from "../app/load-project.ts";
import { readWho } from "../app/read-checkout.ts";
import { continueRun, type ContinueRequest } from "../app/runs/continue-run.ts";
import type { FetchRun } from "../app/runs/find-run.ts";
import { formatProblem, type Problem } from "../base/problem.ts";
import { exitCodeOf } from "../engine/outcome.ts";
import type { StoreDescriptor } from "../pipeline/definition.ts";
import { listenForCancel } from "./cancellation.ts";
import type { CommandCall } from "./command-call.ts";
import { showRun } from "./run-and-show.ts";
import { printable } from "./terminal.ts";

/** Lets a run go on and shows it, as `run` does; resolves to the exit status. */
export async function continueAndShow(
  call: CommandCall,
  request: Pick<ContinueRequest, "mode" | "run" | "steps"> & { readonly options: Readonly<Record<string, unknown>> },
): Promise<number> {
  const place = call.place();
  const blueprint = await loadProject(place);
  const cancellation = listenForCancel();
  const { signal } = cancellation;
  const by = readWho(process.env);
  const fetchRun = blueprint.store === null ? undefined : fetchFrom(call, blueprint.store, blueprint.name);
  try {
    const view = await showRun(call, request.options, (showing) =>
      continueRun(call.composition, { ...request, ...showing, place, blueprint, by, signal, fetchRun }),
    );
    return view.outcome === "running" ? 3 : exitCodeOf(view.outcome);
  } finally {
    cancellation.dispose();
  }
}

function tell(found: Problem): void {
  console.error(printable(formatProblem(found)));
}

/** Reads a run from the project's shared store: it may have begun on another machine. */
function fetchFrom(call: CommandCall, definition: StoreDescriptor, project: string): FetchRun {
  return async (runId) => {
    const { withSharedRecords } = await import("../app/shared-store/with-shared-records.ts");
    const options = { place: call.place(), project, definition, env: process.env, onWarning: tell };
    return withSharedRecords(call.composition, options, (records) => records.read(runId));
  };
}
