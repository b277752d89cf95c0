import type { CommandCall } from "./command-call.ts";
import { continueAndShow } from "./continue-and-show.ts";

/** `greenlight resume [run]`: goes on with a run that was interrupted, cancelled or waits, where it stopped. */
export function resume(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  return continueAndShow(call, { mode: "resume", run: args[0], steps: [], options });
}
