import { expiryOf, findAnswer, isWaitOver, uncountedApprovals, type ApprovalRecord } from "./approval.ts";
import type { Controller } from "./controller.ts";
import { isFinished, stateOf, type Deployment } from "./deployment.ts";
import type { ApprovalQuestion, DeployApproval } from "./environment.ts";
import type { Performed } from "./perform-effect.ts";

const POLL_MS = 250;
const UNCOUNTED_LIMIT = 3;

/**
 * Finds out whether a person lets the deployment go on: what was answered before counts first, then whoever is asked, here or
 * from another process. Only an answer that is kept beside the environment counts. Without one within the request's
 * own means it is `waiting`; after its time `expired`. Ends soon after an abort, without a finding.
 *
 * Nothing changes meanwhile, so the lease is given back: a newer deployment does not have to wait for this one, and ends it.
 */
export async function awaitApproval(controller: Controller, deployment: Deployment): Promise<Performed> {
  const { clock, request } = controller;
  if (request === null || request.approval === null) throw new Error("no approval is needed here");
  const { signal, approval: policy } = request;
  const desk = openDesk(controller, deployment);
  // An answer that stands already is asked for all the same, so that the run's record holds it.
  const isOver = (await desk.standing()) === null && isWaitOver(deployment.approvalWait, clock.now());
  if (isOver) return { problems: [], found: { approval: EXPIRED } };
  await tellUncounted(controller, deployment);
  if (signal.aborted) return { problems: [], found: {} };
  await controller.lease?.release();
  const given = await orNull(() => policy.ask(desk.question), signal);
  if (!(await takeUpAgain(controller, deployment))) return { problems: [], found: { isOvertaken: true } };
  if (desk.unwritten.length > 0) return { problems: desk.unwritten, found: {} };
  if (given === null) return { problems: [], found: {} };
  // What was said counts as far as it is kept, and in time.
  const answer = await desk.standing();
  if (answer !== null) return { problems: [], found: { approval: { kind: "answered", answer } } };
  const approval = isWaitOver(deployment.approvalWait, clock.now()) ? EXPIRED : WAITING;
  return { problems: [], found: { approval } };
}

/** What was approved, and does not count, is told before a person is asked again. */
async function tellUncounted({ target, clock, log }: Controller, deployment: Deployment): Promise<void> {
  const answers = await target.readApprovals();
  if (answers.length === 0) return;
  const known = { answers, deployments: await target.readDeployments(), now: clock.now() };
  if (findAnswer(deployment, known) !== null) return;
  for (const each of uncountedApprovals(deployment, known).slice(-UNCOUNTED_LIMIT)) log(each);
}

/** False when another controller has this deployment now, or has brought it to its end. */
async function takeUpAgain(controller: Controller, { id, who, runId }: Deployment): Promise<boolean> {
  const { target } = controller;
  const answer = await target.takeLease({ deploymentId: id, who, runId });
  if (!answer.isTaken) return false;
  controller.lease = answer.lease;
  const stored = (await target.readDeployments()).find((each) => each.id === id);
  return stored === undefined || !isFinished(stored);
}

const EXPIRED = { kind: "expired" } as const;
const WAITING = { kind: "waiting" } as const;

interface Desk {
  readonly question: ApprovalQuestion;
  /** What kept the last answer from being kept. */
  readonly unwritten: Performed["problems"];
  standing(): Promise<ApprovalRecord | null>;
}

function openDesk({ target, clock, environment, lease }: Controller, deployment: Deployment): Desk {
  const { approvalWait: wait } = deployment;
  // Another one that waits for the same release may have had the lease meanwhile; that alone ends nothing.
  const isOvertaken = async (): Promise<boolean> => {
    if (lease?.isLost() !== true) return false;
    const stored = (await target.readDeployments()).find((each) => each.id === deployment.id);
    return stored !== undefined && stateOf(stored) !== "awaiting-approval";
  };
  let unwritten: Performed["problems"] = [];
  const standing = async (): Promise<ApprovalRecord | null> => {
    const answers = (await target.readApprovals()).filter(({ digest }) => digest === deployment.digest);
    // Looked at several times a second, so the history is read only where it matters.
    if (answers.length === 0) return null;
    return findAnswer(deployment, { answers, deployments: await target.readDeployments(), now: clock.now() });
  };
  const keep = async (answer: Exclude<DeployApproval, { kind: "waiting" }>): Promise<ApprovalRecord | null> => {
    const written = await target.writeApproval(
      approvalRecord(deployment, { ...answer, answer: answer.kind }, clock.now()),
    );
    unwritten = written.ok ? [] : written.error;
    return written.ok ? written.value : null;
  };
  const question: ApprovalQuestion = {
    environment,
    deploymentId: deployment.id,
    expiresAt: wait === null ? null : expiryOf(wait.at, wait.expiresAfterMs),
    standing: async () => toAnswer(await standing()),
    answeredElsewhere: async (signal) => {
      while (!isWaitOver(wait, clock.now())) {
        const answer = toAnswer(await standing());
        if (answer !== null) return answer;
        if (await isOvertaken()) return WAITING;
        await clock.sleep(POLL_MS, signal);
      }
      return { kind: "waiting" };
    },
    record: async (answer) => (answer.kind === "waiting" ? answer : (toAnswer(await keep(answer)) ?? WAITING)),
  };
  return {
    question,
    get unwritten() {
      return unwritten;
    },
    standing,
  };
}

/** The record of an answer that is given at `now`, in milliseconds since the epoch. */
export function approvalRecord(
  { id: deploymentId, runId, releaseId, digest, approvalWait }: Deployment,
  given: Pick<ApprovalRecord, "answer" | "by" | "why" | "how">,
  now: number,
): ApprovalRecord {
  const at = new Date(now).toISOString();
  const { answer, by, why, how } = given;
  const expiresAt = answer === "granted" ? expiryOf(at, approvalWait?.expiresAfterMs ?? null) : null;
  return { schema: 1, deploymentId, runId, releaseId, digest, answer, by, why, how, at, expiresAt };
}

function toAnswer(record: ApprovalRecord | null): Exclude<DeployApproval, { kind: "waiting" }> | null {
  if (record === null) return null;
  const { answer: kind, by, why, how } = record;
  return { kind, by, why, how };
}

/** A person may take their time; an abort does not wait for them. */
function orNull(ask: () => Promise<DeployApproval>, signal: AbortSignal): Promise<DeployApproval | null> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(null);
    signal.addEventListener("abort", giveUp, { once: true });
    ask()
      .then(resolve, (error: unknown) => (signal.aborted ? resolve(null) : reject(error)))
      .finally(() => signal.removeEventListener("abort", giveUp));
  });
}
