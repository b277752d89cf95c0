import { once } from "node:events";

import { localEnvironments } from "../app/environments/local-environments.ts";
import { stopEnvironment } from "../app/environments/stop-environment.ts";
import { loadProject } from "../app/load-project.ts";
import { choosePipeline } from "../app/runs/run-pipeline.ts";
import type { Environment } from "../deployment/environment.ts";
import { exitCodeOf, isSuccess } from "../engine/outcome.ts";
import { listenForCancel } from "./cancellation.ts";
import type { CommandCall } from "./command-call.ts";
import { runAndShow } from "./run-and-show.ts";
import { printable } from "./terminal.ts";

/**
 * `greenlight up`: runs delivery into every local environment, then serves until Ctrl-C, which stops only the
 * environments that this call started; `--once` ends after the run and leaves them serving.
 */
export async function up(
  call: CommandCall,
  _args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  const blueprint = await loadProject(place);
  const pipeline = choosePipeline(blueprint, undefined);
  const environments = await localEnvironments({ place, blueprint, clock: call.composition.clock });
  const before = await keepersOf(environments);
  const cancellation = listenForCancel();
  try {
    const view = await runAndShow(call, {
      place,
      blueprint,
      pipeline,
      selection: "local",
      options,
      signal: cancellation.signal,
    });
    const outcome = view.outcome === "running" ? "errored" : view.outcome;
    if (options["once"] === true) return exitCodeOf(outcome);
    if (isSuccess(outcome)) {
      if (!call.isJson) console.log("Serving; Ctrl-C stops what this command started.");
      if (!cancellation.signal.aborted) await waitForAbort(cancellation.signal);
    }
    await stopStarted(environments, before, {
      codeHost: blueprint.codeHost,
      projectFolder: place.folder,
      stateFolder: place.stateFolder,
      clock: call.composition.clock,
      log: (line) => {
        if (!call.isJson) console.error(printable(line));
      },
    });
    return exitCodeOf(outcome);
  } finally {
    cancellation.dispose();
  }
}

/** Environment name → its keeper, as far as one runs. */
async function keepersOf(environments: readonly Environment[]): Promise<ReadonlyMap<string, string>> {
  const keepers = new Map<string, string>();
  for (const environment of environments) {
    const { keeper, status } = await environment.observe();
    if (keeper !== null && status !== "stopped") keepers.set(environment.name, `${keeper.pid}:${keeper.startTime}`);
  }
  return keepers;
}

async function stopStarted(
  environments: readonly Environment[],
  before: ReadonlyMap<string, string>,
  told: Omit<Parameters<typeof stopEnvironment>[0], "environment">,
): Promise<void> {
  for (const environment of environments) {
    if (!before.has(environment.name)) await stopEnvironment({ ...told, environment });
  }
}

async function waitForAbort(signal: AbortSignal): Promise<void> {
  // A pending promise alone does not keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    await once(signal, "abort");
  } finally {
    clearInterval(alive);
  }
}
