import { randomInt } from "node:crypto";

import type { Clock } from "../base/clock.ts";
import { timeOrderedId } from "../base/ids.ts";
import { ProblemError } from "../base/problem.ts";
import type { Controller } from "./controller.ts";
import { isFinished, stateOf, type Deployment } from "./deployment.ts";
import type { DeployOutcome, DeployRequest, Environment } from "./environment.ts";
import { NO_GATES } from "./gates/gate-record.ts";
import { modelDigest } from "./gates/model-digest.ts";
import { healDeployments, healer } from "./heal-deployments.ts";
import { outcomeOf } from "./outcome.ts";
import { runDeployment } from "./run-deployment.ts";
import { sealSecrets } from "./secrets-seal.ts";
import type { Lease, Target } from "./target.ts";
import { findServing, unfinishedDeployments, viewEnvironment, whyDeploy } from "./view-environment.ts";
import { answerWaiting, listWaiting, withdrawWaiting } from "./waiting-deployments.ts";

const TAKEOVER_LIMIT_MS = 5000;
const TAKEOVER_POLL_MS = 100;

export interface EnvironmentOptions {
  readonly name: string;
  /** Absolute folder of the environment's state; named in problems. */
  readonly folder: string;
  readonly target: Target;
  readonly clock: Clock;
}

/** An environment with its blue-green controller. Holds no state of its own: any number may be open at once. */
export function openEnvironment(options: EnvironmentOptions): Environment {
  const { name, target } = options;
  return {
    name,
    observe: () => viewEnvironment(target),
    deploy: (request) => deploy(options, request),
    rehearse: async (request) => {
      const { rehearse } = await import("./rehearsal/rehearse.ts");
      return rehearse(options, request, ({ target: simulated, clock, request: harmless, onAction }) =>
        deploy({ ...options, target: simulated, clock }, harmless, onAction),
      );
    },
    chooseRollback: async (to) => {
      const [{ chooseRollback }, state, deployments] = await Promise.all([
        import("./choose-rollback.ts"),
        target.observe(),
        target.readDeployments(),
      ]);
      return chooseRollback({ environment: name, live: state.route.live, deployments, to });
    },
    readRelease: (digest) => target.readRelease(digest),
    stop: () => stop(options),
    waiting: () => listWaiting(options),
    answer: (deploymentId, given) => answerWaiting(options, deploymentId, given),
    withdraw: (runId, why) => withdrawWaiting(options, runId, why),
    history: async (limit) => (await target.readDeployments()).slice(0, limit),
  };
}

async function deploy(
  options: EnvironmentOptions,
  request: DeployRequest,
  onAction?: Controller["onAction"],
): Promise<DeployOutcome> {
  const { target } = options;
  const serving = await findServing(target, request);
  // To go back to what is live means to end what is about to replace it.
  const isLeft = request.kind !== "rollback" || (await unfinishedDeployments(target)).length === 0;
  if (serving !== null && isLeft) return outcomeOf(serving, { isAlready: true });

  const controller: Controller = {
    ...options,
    environment: options.name,
    lease: null,
    request,
    heal: () => healDeployments(controller),
    isServing: async () => (await findServing(target, request)) !== null,
    log: (line) => request.log(line),
    ...(onAction === undefined ? {} : { onAction }),
  };
  const queued = queueDeployment(options, request, await whyDeploy(target, request));
  for (const transition of queued.transitions) request.onTransition(transition);
  try {
    const run = await runDeployment(controller, queued);
    const live = run.isAlready ? await findServing(target, request) : null;
    if (live !== null) return outcomeOf(live, { isAlready: true });
    return outcomeOf(run.isTakenOver ? await storedAs(options, run.deployment) : run.deployment, run);
  } finally {
    await controller.lease?.release();
  }
}

/** What whoever took it over makes of it, which may still take a moment. */
async function storedAs({ target, clock }: EnvironmentOptions, deployment: Deployment): Promise<Deployment> {
  const deadline = clock.now() + TAKEOVER_LIMIT_MS;
  for (;;) {
    const stored = (await target.readDeployments()).find((each) => each.id === deployment.id) ?? deployment;
    if (isFinished(stored) || clock.now() >= deadline) return stored;
    await clock.sleep(TAKEOVER_POLL_MS);
  }
}

const NOTHING_STOPPED = { wasRunning: false, endedPids: [] } as const;

/** Ends all that runs. Does not wait for a deployment that is under way: its next step is refused. */
async function stop({ name, target, clock }: EnvironmentOptions): ReturnType<Environment["stop"]> {
  const state = await target.observe();
  // A first deployment may have ended before there was anything to stop; its record is closed all the same.
  const isLeft = (await unfinishedDeployments(target)).length > 0;
  if (!state.isKnown && !isLeft) return NOTHING_STOPPED;
  const lease = await seizeLease(target);
  try {
    const stopped = state.isKnown ? await target.stop(lease.epoch) : { ...NOTHING_STOPPED, problems: [] };
    const { problems, ...answer } = stopped;
    if (problems.length > 0) throw new ProblemError(problems, { exitCode: 3 });
    await healDeployments(healer({ environment: name, target, clock }, lease), "the environment was stopped");
    await closeLive({ target, clock }, lease);
    return answer;
  } finally {
    await lease.release();
  }
}

/**
 * Writes into the record of what was live that it is so no more; others are told by it. By the records alone, so that a stop that
 * was killed before it came to this is completed by the next one.
 */
async function closeLive({ target, clock }: Pick<EnvironmentOptions, "target" | "clock">, lease: Lease): Promise<void> {
  const live = (await target.readDeployments()).find((each) => stateOf(each) === "succeeded");
  if (live === undefined || live.stoppedAt !== undefined) return;
  const stoppedAt = new Date(clock.now()).toISOString();
  const problems = await target.writeDeployment({ ...live, epoch: lease.epoch, stoppedAt });
  if (problems.length > 0) throw new ProblemError(problems, { exitCode: 3 });
}

async function seizeLease(target: Target): Promise<Lease> {
  const holder = { deploymentId: "stop", who: "a stop", runId: "" };
  // Another controller may be just as quick; the higher number wins in the end.
  for (let attempt = 0; ; attempt += 1) {
    const answer = await target.takeLease(holder, { isForced: true });
    if (answer.isTaken) return answer.lease;
    if (attempt >= 20) throw new Error(`the lease can't be taken from ${answer.heldBy}`);
  }
}

function queueDeployment({ name, clock }: EnvironmentOptions, request: DeployRequest, why: string): Deployment {
  const now = clock.now();
  const { manifest, digest, releaseId, who, runId } = request;
  return {
    schema: 1,
    id: timeOrderedId(now, () => randomInt(32)),
    kind: request.kind ?? "deployment",
    environment: name,
    releaseId,
    digest,
    previousReleaseId: null,
    slot: "blue",
    epoch: 0,
    who,
    why: request.why,
    runId,
    commit: request.commit ?? null,
    approvalWait: null,
    approval: null,
    gates: {
      ...NO_GATES,
      baking: request.gates?.baking ?? NO_GATES.baking,
      modelDigest: modelDigest(manifest),
    },
    transitions: [{ state: "queued", at: new Date(now).toISOString(), why }],
    blue: null,
    warm: null,
    service: { readyPath: manifest.start.readyPath, healthPath: manifest.start.healthPath },
    secretsSeal: sealSecrets(request.secrets ?? {}),
    interruption: null,
    failure: null,
    steps: [],
  };
}
