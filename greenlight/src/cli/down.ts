import { localEnvironments } from "../app/environments/local-environments.ts";
import { abandonedEnvironments } from "../app/environments/see-environments.ts";
import { stopEnvironment } from "../app/environments/stop-environment.ts";
import { loadProject } from "../app/load-project.ts";
import { formatProblem, ProblemError } from "../base/problem.ts";
import type { Environment } from "../deployment/environment.ts";
import type { CodeHostDescriptor } from "../pipeline/definition.ts";
import type { CommandCall } from "./command-call.ts";
import { printable } from "./terminal.ts";

/** `greenlight down [environment]`: stops the local environments, or the named one; also when the definition does not load. */
export async function down(call: CommandCall, args: readonly string[]): Promise<number> {
  const stopped: ({ environment: string } & Awaited<ReturnType<Environment["stop"]>>)[] = [];
  const { environments, codeHost } = await chosenEnvironments(call, args[0]);
  const { folder: projectFolder, stateFolder } = call.place();
  const { clock } = call.composition;
  for (const environment of environments) {
    const log = (line: string): void => {
      if (!call.isJson) console.error(printable(line));
    };
    const result = await stopEnvironment({ environment, codeHost, projectFolder, stateFolder, clock, log });
    stopped.push({ environment: environment.name, ...result });
    if (call.isJson) continue;
    const what = result.wasRunning ? `stopped (${result.endedPids.length} processes ended)` : "was not running";
    console.log(`${environment.name}: ${what}`);
    for (const note of result.notes ?? []) console.log(printable(`  ${note}`));
  }
  if (call.isJson) console.log(JSON.stringify({ environments: stopped }));
  return 0;
}

async function chosenEnvironments(
  call: CommandCall,
  only: string | undefined,
): Promise<{ readonly environments: readonly Environment[]; readonly codeHost: CodeHostDescriptor | null }> {
  const place = call.place();
  const { clock } = call.composition;
  try {
    const blueprint = await loadProject(place);
    const environments = await localEnvironments({ place, blueprint, clock, only });
    return { environments, codeHost: blueprint.codeHost };
  } catch (error) {
    // What runs must be stoppable whatever became of the definition.
    if (!(error instanceof ProblemError)) throw error;
    const chosen = await abandonedEnvironments({ place, clock, only });
    if (chosen.length === 0) throw error;
    for (const each of error.problems) console.error(printable(formatProblem(each)));
    return { environments: chosen, codeHost: null };
  }
}
