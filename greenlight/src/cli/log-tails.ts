import type { ProjectPlace } from "../app/find-project.ts";
import { readTail, StepLogs } from "../app/runs/step-log.ts";
import type { RunView, StepView } from "../engine/run-view.ts";
import type { CommandCall } from "./command-call.ts";
import { lastLines } from "./last-lines.ts";

const TAIL_BYTES = 16_384;
const TAIL_LINES = 10;

/** Step → the last lines that it wrote, oldest first, without control characters. Of each log the end alone is read. */
export async function readTails(
  call: CommandCall,
  of: { readonly place: ProjectPlace; readonly view: RunView; readonly steps: readonly StepView[] },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const logs = new StepLogs(call.composition, of.place, of.view.id);
  const tails = new Map<string, readonly string[]>();
  try {
    for (const step of of.steps) {
      const path = await logs.path(step);
      const tail = path === null ? null : readTail(path, TAIL_BYTES);
      if (tail === null) continue;
      const isWhole = tail.size <= TAIL_BYTES;
      tails.set(step.name, lastLines(tail.bytes, { count: TAIL_LINES, isWhole }));
    }
    return tails;
  } finally {
    logs.close();
  }
}
