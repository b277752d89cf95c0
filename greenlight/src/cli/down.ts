import { loadProject } from "../app/load-project.ts";
import { localEnvironments } from "../app/local-environments.ts";
import { abandonedEnvironments } from "../app/see-environments.ts";
import { formatProblem, ProblemError } from "../base/problem.ts";
import type { Environment } from "../deployment/environment.ts";
import type { CommandCall } from "./command-call.ts";
import { printable } from "./terminal.ts";

/** `greenlight down [environment]`: stops the local environments, or the named one; also when the definition does not load. */
export async function down(call: CommandCall, args: readonly string[]): Promise<number> {
  const stopped: ({ environment: string } & Awaited<ReturnType<Environment["stop"]>>)[] = [];
  for (const environment of await chosenEnvironments(call, args[0])) {
    const result = await environment.stop();
    stopped.push({ environment: environment.name, ...result });
    if (call.isJson) continue;
    const what = result.wasRunning ? `stopped (${result.endedPids.length} processes ended)` : "was not running";
    console.log(`${environment.name}: ${what}`);
    for (const note of result.notes ?? []) console.log(printable(`  ${note}`));
  }
  if (call.isJson) console.log(JSON.stringify({ environments: stopped }));
  return 0;
}

async function chosenEnvironments(call: CommandCall, only: string | undefined): Promise<readonly Environment[]> {
  const place = call.place();
  const { clock } = call.composition;
  try {
    const blueprint = await loadProject(place);
    return await localEnvironments({ place, blueprint, clock, only });
  } catch (error) {
    // What runs must be stoppable whatever became of the definition.
    if (!(error instanceof ProblemError)) throw error;
    const chosen = await abandonedEnvironments({ place, clock, only });
    if (chosen.length === 0) throw error;
    for (const each of error.problems) console.error(printable(formatProblem(each)));
    return chosen;
  }
}
