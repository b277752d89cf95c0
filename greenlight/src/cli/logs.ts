import { readFile } from "node:fs/promises";

import { openLastRun } from "../app/read-runs.ts";
import { problem, ProblemError } from "../base/problem.ts";
import { logPath } from "../engine/log-path.ts";
import type { CommandCall } from "./command-line.ts";
import { Terminal } from "./terminal.ts";

/** `greenlight logs [run]`: what the steps wrote, step by step. */
export async function logs(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  const view = await openLastRun(call.composition, place, args[0]);
  const wanted = typeof options["step"] === "string" ? options["step"] : undefined;
  const steps = view.stages
    .flatMap((stage) => stage.steps)
    .filter((step) => wanted === undefined || step.name === wanted);
  if (steps.length === 0) {
    throw new ProblemError([
      problem("STEP_UNKNOWN", { place: wanted ?? view.id, message: `run ${view.id} has no such step` }),
    ]);
  }
  const found: { step: string; log: string }[] = [];
  for (const step of steps) {
    const log = await readFile(logPath(place.stateFolder, view.id, step.name), "utf8").catch(() => null);
    if (log !== null) found.push({ step: step.name, log });
  }
  if (call.isJson) {
    console.log(JSON.stringify({ run: view.id, logs: found }));
    return 0;
  }
  const terminal = new Terminal(process.stdout, process.env);
  for (const { step, log } of found) {
    if (wanted === undefined) console.log(terminal.paint("bold", `── ${step}`));
    process.stdout.write(log.endsWith("\n") || log === "" ? log : `${log}\n`);
  }
  return 0;
}
