import { loadProject } from "../app/load-project.ts";
import { localEnvironments } from "../app/local-environments.ts";
import { listRuns } from "../app/read-runs.ts";
import { problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-line.ts";
import { formatDuration, printable, Terminal } from "./terminal.ts";

/** `greenlight status`: what the environments serve, and the last runs. */
export async function status(
  call: CommandCall,
  _args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  const limit = limitOf(options["limit"]);
  const blueprint = await loadProject(place);
  const environments = await localEnvironments({ place, blueprint, clock: call.composition.clock });
  const states = await Promise.all(
    environments.map(async (each) => ({ environment: each.name, ...(await each.observe()) })),
  );
  const runs = await listRuns(call.composition, place, limit);
  if (call.isJson) {
    console.log(JSON.stringify({ project: blueprint.name, environments: states, runs }));
    return 0;
  }
  const terminal = new Terminal(process.stdout, process.env);
  console.log(terminal.paint("bold", "environments"));
  for (const state of states) {
    const live = state.live === null ? "" : `  ${state.live.releaseId} (${state.live.slot})`;
    const style = state.status === "running" ? "green" : state.status === "unhealthy" ? "red" : "dim";
    console.log(
      `  ${state.environment.padEnd(12)} ${terminal.paint(style, state.status.padEnd(10))} ${state.url}${live}`,
    );
  }
  console.log(terminal.paint("bold", "runs"));
  if (runs.length === 0) console.log("  none yet; `greenlight up` makes the first");
  for (const run of runs) {
    const time = run.endedAt === null ? "" : formatDuration(Date.parse(run.endedAt) - Date.parse(run.startedAt));
    const at = run.commit === null ? "no commit" : `${run.branch ?? "detached"}@${run.commit.slice(0, 8)}`;
    console.log(
      `  ${run.id}  ${run.outcome.padEnd(11)} ${time.padStart(9)}  ${run.startedAt.slice(0, 19)}Z  ${run.pipeline}  ${printable(at)}`,
    );
  }
  return 0;
}

function limitOf(value: unknown): number {
  if (value === undefined) return 10;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  const message = `"${String(value)}" is not a number from 1 to 10000`;
  throw new ProblemError([problem("USAGE", { place: "--limit", message })]);
}
