import { withdrawDeployments } from "../app/environments/answer-approval.ts";
import { loadProject } from "../app/load-project.ts";
import { readWho } from "../app/read-checkout.ts";
import { cancelRun, type CancelledRun } from "../app/runs/cancel-run.ts";
import { formatProblem, problem, ProblemError } from "../base/problem.ts";
import { listenForCancel } from "./cancellation.ts";
import type { CommandCall } from "./command-call.ts";
import { readReason } from "./reason.ts";
import { printable } from "./terminal.ts";

const WAIT_S = 30;
const MAX_WAIT_S = 3600;

/** `greenlight cancel [run]`: ends a run that goes on, was interrupted or waits, and waits until its record is closed. */
export async function cancel(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  const waitMs = waitSeconds(options["wait"]) * 1000;
  const { clock } = call.composition;
  const cancellation = listenForCancel();
  try {
    const cancelled = await cancelRun(call.composition, {
      place,
      run: args[0],
      by: readWho(process.env),
      why: readReason(options["why"], "no reason given"),
      waitMs,
      signal: cancellation.signal,
      onAsked: ({ id, engine }) => {
        if (!call.isJson) console.log(`run ${id}: process ${engine.pid} was told to cancel; waiting until it has …`);
      },
      withdraw: async (view, why) =>
        withdrawDeployments({ place, blueprint: await loadProject(place), clock }, view, why),
    });
    show(call, cancelled);
    return 0;
  } finally {
    cancellation.dispose();
  }
}

function show(call: CommandCall, cancelled: CancelledRun): void {
  if (call.isJson) {
    console.log(JSON.stringify(cancelled));
    return;
  }
  const { id, how, outcome, endedCount, problems } = cancelled;
  if (how === "already") console.log(`run ${id}: was cancelled before`);
  else if (how === "asked") console.log(`run ${id}: ${outcome}`);
  else
    console.log(
      `run ${id}: cancelled; it had no engine any more${endedCount > 0 ? `, ${endedCount} left-over processes ended` : ""}`,
    );
  for (const each of problems) console.error(printable(formatProblem(each)));
}

function waitSeconds(value: unknown): number {
  if (value === undefined) return WAIT_S;
  const seconds = Number(value);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_WAIT_S) return seconds;
  const message = `"${String(value)}" is not a number of seconds from 1 to ${MAX_WAIT_S}`;
  throw new ProblemError([problem("USAGE", { place: "--wait", message })]);
}
