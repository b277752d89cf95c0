import { answer } from "./answer.ts";
import type { CommandCall } from "./command-call.ts";

/** `greenlight reject [environment]`: ends the deployment that waits there. */
export function reject(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  return answer(call, { answer: "rejected", args }, options);
}
