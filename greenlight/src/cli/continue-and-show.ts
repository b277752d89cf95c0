import { continueRun, type ContinueRequest } from "../app/continue-run.ts";
import { loadProject } from "../app/load-project.ts";
import { readWho } from "../app/read-checkout.ts";
import { exitCodeOf } from "../engine/outcome.ts";
import { listenForCancel } from "./cancellation.ts";
import type { CommandCall } from "./command-call.ts";
import { showRun } from "./run-and-show.ts";

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
  try {
    const view = await showRun(call, request.options, (showing) =>
      continueRun(call.composition, { ...request, ...showing, place, blueprint, by, signal }),
    );
    return view.outcome === "running" ? 3 : exitCodeOf(view.outcome);
  } finally {
    cancellation.dispose();
  }
}
