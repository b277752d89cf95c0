import type { CommandCall } from "./command-call.ts";
import { continueAndShow } from "./continue-and-show.ts";

/** `greenlight retry [run]`: runs again what did not pass, within the same run; `--step` also what did. */
export function retry(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const named = options["step"];
  const steps = Array.isArray(named) ? named.map(String) : [];
  return continueAndShow(call, { mode: "retry", run: args[0], steps, options });
}
