import { syncStore } from "../app/sync-store.ts";
import { formatProblem, type Problem } from "../base/problem.ts";
import { listenForCancel } from "./cancellation.ts";
import type { CommandCall } from "./command-call.ts";
import { printable } from "./terminal.ts";

/** `greenlight store sync`: sends what the shared store missed. Status 1 when something is still missing. */
export async function storeSync(call: CommandCall): Promise<number> {
  const warnings: Problem[] = [];
  const cancellation = listenForCancel();
  try {
    const { signal } = cancellation;
    const found = await syncStore(call.composition, {
      place: call.place(),
      signal,
      onWarning: (warning) => warnings.push(warning),
    });
    const left = Object.entries(found.left);
    if (call.isJson) {
      console.log(JSON.stringify({ ...found, problems: warnings }));
      return left.length === 0 ? 0 : 1;
    }
    for (const runId of found.sent) console.log(`run ${runId}: sent`);
    for (const [runId, why] of left) console.log(printable(`run ${runId}: not sent: ${why}`));
    for (const warning of warnings) console.error(printable(formatProblem(warning)));
    if (found.sent.length + left.length === 0) console.log("the shared store missed nothing");
    return left.length === 0 ? 0 : 1;
  } finally {
    cancellation.dispose();
  }
}
