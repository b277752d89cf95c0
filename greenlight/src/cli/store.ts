import { problem, ProblemError } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";

/** `greenlight store key` and `greenlight store sync`. */
export async function store(call: CommandCall, args: readonly string[]): Promise<number> {
  if (args.length === 1 && args[0] === "key") return (await import("./store-key.ts")).storeKey(call);
  if (args.length === 1 && args[0] === "sync") return (await import("./store-sync.ts")).storeSync(call);
  const message = `"store ${args.join(" ")}" is no command; there are "store key" and "store sync"`;
  throw new ProblemError([problem("USAGE", { place: "command line", message })]);
}
