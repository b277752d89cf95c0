import type { Clock } from "../base/clock.ts";
import { problem, type Problem } from "../base/problem.ts";
import { err, type Result } from "../base/result.ts";
import { expiryOf, findAnswer, isWaitOver, type ApprovalRecord } from "./approval.ts";
import { approvalRecord } from "./await-approval.ts";
import { stateOf, type Deployment } from "./deployment.ts";
import type { Environment, WaitingDeployment } from "./environment.ts";
import { endDeployment, healer } from "./heal-deployments.ts";
import type { Target } from "./target.ts";
import { unfinishedDeployments } from "./view-environment.ts";

interface Place {
  readonly name: string;
  readonly target: Target;
  readonly clock: Clock;
}

/** The deployments that wait for a person and whose time is not over, newest first. */
export async function listWaiting({ target, clock }: Place): Promise<readonly WaitingDeployment[]> {
  const deployments = await target.readDeployments();
  const waiting = deployments.filter((each) => stateOf(each) === "awaiting-approval");
  if (waiting.length === 0) return [];
  const known = { answers: await target.readApprovals(), deployments, now: clock.now() };
  return waiting.flatMap((deployment) => {
    const { approvalWait: wait } = deployment;
    const answer = findAnswer(deployment, known);
    if (answer === null && isWaitOver(wait, known.now)) return [];
    return [{ deployment, expiresAt: wait === null ? null : expiryOf(wait.at, wait.expiresAfterMs), answer }];
  });
}

/** Only what waits can be answered, so that nobody approves what nobody has asked for. */
export async function answerWaiting(
  place: Place,
  deploymentId: string,
  given: Parameters<Environment["answer"]>[1],
): Promise<Result<ApprovalRecord, readonly Problem[]>> {
  const { name, target, clock } = place;
  const found = (await unfinishedDeployments(target)).find((each) => each.id === deploymentId);
  if (found !== undefined && isAnswerable(found, clock.now())) {
    return target.writeApproval(approvalRecord(found, given, clock.now()));
  }
  const message = `deployment ${deploymentId} does not wait for an answer any more`;
  return err([problem("APPROVAL_NONE_WAITING", { place: name, message })]);
}

/** Ends under the environment's lease what a run left waiting. ENVIRONMENT_BUSY while another controller has it. */
export async function withdrawWaiting(place: Place, runId: string, why: string): Promise<readonly Problem[]> {
  const { name, target, clock } = place;
  const isLeft = (each: Deployment): boolean => each.runId === runId && stateOf(each) === "awaiting-approval";
  if (!(await unfinishedDeployments(target)).some(isLeft)) return [];
  const taken = await target.takeLease({ deploymentId: "withdraw", who: why, runId });
  if (!taken.isTaken) return [problem("ENVIRONMENT_BUSY", { place: name, message: `${taken.heldBy} holds it` })];
  try {
    const controller = healer({ environment: name, target, clock }, taken.lease);
    // Looked up again: before the lease was taken, somebody else may have gone on with it.
    for (const each of (await unfinishedDeployments(target)).filter(isLeft)) {
      const problems = await endDeployment(controller, each, { kind: "cancelled", why });
      if (problems !== null) return problems;
    }
    return [];
  } finally {
    await taken.lease.release();
  }
}

function isAnswerable(deployment: Deployment, now: number): boolean {
  return stateOf(deployment) === "awaiting-approval" && !isWaitOver(deployment.approvalWait, now);
}
