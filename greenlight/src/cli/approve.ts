import { answer } from "./answer.ts";
import type { CommandCall } from "./command-call.ts";

/** `greenlight approve [environment]`: lets the deployment that waits there go on. */
export function approve(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  return answer(call, { answer: "granted", args }, options);
}
