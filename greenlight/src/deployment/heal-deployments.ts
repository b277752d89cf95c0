import type { Problem } from "../base/problem.ts";
import { canGoOn, findAnswer, type AnswersKnown } from "./approval.ts";
import type { Controller, Healed } from "./controller.ts";
import { stateOf, type Deployment, type Interruption } from "./deployment.ts";
import { runDeployment } from "./run-deployment.ts";
import type { Lease } from "./target.ts";
import { unfinishedDeployments } from "./view-environment.ts";

/**
 * Brings deployments that another controller left unfinished to a safe end, under the lease that this one holds: before the
 * switch they are aborted, after it they are completed or rolled back. One that waits for an approval is superseded, unless
 * the present request is about the same release: then it goes on. `waitingWhy`: why a waiting one ends.
 */
export async function healDeployments(controller: Controller, waitingWhy?: string): Promise<Healed> {
  const { target, request, clock } = controller;
  const newer = request === null ? "" : `: ${request.releaseId} by ${request.who}`;
  const reasons: Reasons = {
    waiting: waitingWhy ?? `superseded by a newer deployment${newer}`,
    overruled: request?.kind === "rollback" ? `${request.who} goes back to ${request.releaseId}: ${request.why}` : null,
  };
  let continued: Deployment | null = null;
  for (const unfinished of await unfinishedDeployments(target)) {
    const isWaiting = stateOf(unfinished) === "awaiting-approval";
    const known: AnswersKnown = {
      answers: isWaiting ? await target.readApprovals() : [],
      deployments: isWaiting ? await target.readDeployments() : [],
      now: clock.now(),
    };
    if (isWaiting && continued === null && request !== null && canGoOn(unfinished, request, known)) {
      continued = unfinished;
      continue;
    }
    const problems = await endDeployment(controller, unfinished, interruptionOf(unfinished, known, reasons));
    if (problems !== null) return { problems, continued: null };
  }
  return { problems: [], continued };
}

/** Null when it is at its end; otherwise what kept it from getting there. */
export async function endDeployment(
  controller: Controller,
  unfinished: Deployment,
  interruption: Interruption,
): Promise<readonly Problem[] | null> {
  const { lease } = controller;
  if (lease === null) throw new Error("only the holder of the lease may heal");
  const what = `deployment ${unfinished.id} (${unfinished.releaseId})`;
  controller.log(`${what} was left in ${stateOf(unfinished)}: ${interruption.why}`);
  const run = await runDeployment(
    { ...controller, request: null },
    { ...unfinished, epoch: lease.epoch, interruption: unfinished.interruption ?? interruption },
  );
  controller.log(`deployment ${unfinished.id}: now ${stateOf(run.deployment)}`);
  return run.isTakenOver || run.unwritten.length > 0 ? run.unwritten : null;
}

const NOTHING_HEALED: Healed = { problems: [], continued: null };

/** A controller that only brings to an end what others left. */
export function healer(at: Pick<Controller, "environment" | "target" | "clock">, lease: Lease): Controller {
  return { ...at, lease, request: null, heal: async () => NOTHING_HEALED, isServing: async () => false, log: () => {} };
}

interface Reasons {
  readonly waiting: string;
  /** Set when a person goes back meanwhile: then not even what is well goes on. */
  readonly overruled: string | null;
}

function interruptionOf(unfinished: Deployment, known: AnswersKnown, reasons: Reasons): Interruption {
  if (stateOf(unfinished) !== "awaiting-approval") {
    if (reasons.overruled !== null) return { kind: "overruled", why: reasons.overruled };
    return { kind: "abandoned", why: "its controller ended before it was finished" };
  }
  const answer = findAnswer(unfinished, known);
  const isRejected = answer?.answer === "rejected";
  return { kind: "superseded", why: isRejected ? `rejected by ${answer.by}: ${answer.why}` : reasons.waiting };
}
