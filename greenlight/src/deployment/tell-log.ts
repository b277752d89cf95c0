import type { Action } from "./action.ts";
import type { Controller } from "./controller.ts";
import { stateOf, type Deployment } from "./deployment.ts";

const RUNNING_STATES: ReadonlySet<string> = new Set(["health", "smoke", "switching", "baking"]);
const TOLD_CHARACTERS = 200;

/**
 * When a release that runs has failed, its own words say why better than ours: the end of its log goes into this
 * step's log, and the line that looks like the reason into the problem.
 */
export async function tellLog(
  action: Extract<Action, { kind: "enter" }>,
  { target, log, request }: Controller,
  deployment: Deployment,
): Promise<typeof action> {
  const { failure } = action;
  if (failure === null || !RUNNING_STATES.has(stateOf(deployment))) return action;
  // What a service says of itself may hold what it was given.
  const lines = (await target.slotLog(deployment.slot)).map((line) => request?.mask?.(line) ?? line);
  for (const line of lines) log(`  ${deployment.slot}: ${line}`);
  const reason = lines.findLast((line) => /error|exception|fatal/i.test(line));
  if (reason === undefined) return action;
  const told = `; its log says: ${reason.trim().slice(0, TOLD_CHARACTERS)}`;
  const problems = failure.problems.map((each) => ({ ...each, message: each.message + told }));
  return { ...action, failure: { ...failure, problems } };
}
