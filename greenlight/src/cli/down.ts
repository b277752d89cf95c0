import { loadProject } from "../app/load-project.ts";
import { localEnvironments } from "../app/local-environments.ts";
import type { CommandCall } from "./command-line.ts";

/** `greenlight down [environment]`: stops the local environments, or the named one. */
export async function down(call: CommandCall, args: readonly string[]): Promise<number> {
  const place = call.place();
  const blueprint = await loadProject(place);
  const environments = await localEnvironments({ place, blueprint, clock: call.composition.clock, only: args[0] });
  const stopped: { environment: string; wasRunning: boolean; endedPids: readonly number[] }[] = [];
  for (const environment of environments) {
    const result = await environment.stop();
    stopped.push({ environment: environment.name, ...result });
    if (call.isJson) continue;
    const what = result.wasRunning ? `stopped (${result.endedPids.length} processes ended)` : "was not running";
    console.log(`${environment.name}: ${what}`);
  }
  if (call.isJson) console.log(JSON.stringify({ environments: stopped }));
  return 0;
}
