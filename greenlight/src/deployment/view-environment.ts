import { isFinished, stateOf, type Deployment } from "./deployment.ts";
import type { DeployRequest, EnvironmentState } from "./environment.ts";
import { isSealOf } from "./secrets-seal.ts";
import type { SlotName, Target, TargetState } from "./target.ts";

const SLOT_NAMES: readonly SlotName[] = ["blue", "green"];
/** For a release whose own record can't be read. */
const DEFAULT_READY_PATH = "/ready";

/** An environment as it is now. Asks the running parts; starts nothing. */
export async function viewEnvironment(target: Target): Promise<EnvironmentState> {
  const state = await target.observe();
  const records = state.route.live === null && areSlotsEmpty(state) ? [] : await target.readDeployments();
  const slots = await Promise.all(
    SLOT_NAMES.flatMap((name) => {
      const slot = state.slots[name];
      return slot === null ? [] : [viewSlot(target, { name, slot, records })];
    }),
  );
  const { live } = state.route;
  const inFlightCount = state.traffic.reduce((sum, each) => sum + each.inFlightCount, 0);
  const requestCount = state.traffic.reduce((sum, each) => sum + each.requestCount, 0);
  return {
    status: statusOf(
      state,
      slots.some((slot) => slot.slot === live?.slot && slot.isReady),
    ),
    url: target.url,
    live,
    keeper: state.keeper,
    router: state.router === null ? null : { pid: state.router.pid, inFlightCount, requestCount },
    certificate: state.certificate ?? null,
    slots,
  };
}

/**
 * The deployment that made the requested release live, when it is live and well: finished, and answering as itself
 * through the router. Null: there is something to deploy.
 */
export async function findServing(target: Target, request: DeployRequest): Promise<Deployment | null> {
  const state = await target.observe();
  const { live } = state.route;
  if (live?.digest !== request.digest || state.isStopped || state.keeper === null) return null;
  if (state.router?.isInPlace !== true) return null;
  const record = (await target.readDeployments()).find((each) => each.id === live.deploymentId);
  if (record === undefined || stateOf(record) !== "succeeded") return null;
  if (request.secrets !== undefined && !isSealOf(record.secretsSeal ?? null, request.secrets)) return null;
  const answer = await target.probe("production", record.service.readyPath);
  return answer.status === 200 && answer.releaseId === request.releaseId ? record : null;
}

/** Why the release is deployed now, in one clause. */
export async function whyDeploy(target: Target, request: DeployRequest): Promise<string> {
  const state = await target.observe();
  const { live } = state.route;
  const wasEverLive = (await target.readDeployments()).some((each) => stateOf(each) === "succeeded");
  if (request.kind === "rollback") {
    return `${request.releaseId} takes over again${live === null ? "" : ` from ${live.releaseId}`}`;
  }
  if (live === null && !wasEverLive) return `${request.releaseId} is the first release here`;
  if (state.isStopped) return `the environment was stopped; ${request.releaseId} starts it again`;
  if (state.keeper === null && state.router === null) {
    return `nothing of the environment was running; ${request.releaseId} starts it again`;
  }
  if (live === null) return `nothing was live; ${request.releaseId} is next`;
  if (live.digest === request.digest && (await areSecretsNew(target, live.deploymentId, request))) {
    return `${request.releaseId} is live with other secrets`;
  }
  if (live.digest === request.digest) return `${request.releaseId} was live but did not answer as it should`;
  return `${request.releaseId} replaces ${live.releaseId}`;
}

async function areSecretsNew(target: Target, liveId: string, { secrets }: DeployRequest): Promise<boolean> {
  const record = (await target.readDeployments()).find((each) => each.id === liveId);
  return secrets !== undefined && record !== undefined && !isSealOf(record.secretsSeal ?? null, secrets);
}

export async function unfinishedDeployments(target: Target): Promise<readonly Deployment[]> {
  return (await target.readDeployments()).filter((deployment) => !isFinished(deployment));
}

async function viewSlot(
  target: Target,
  at: {
    readonly name: SlotName;
    readonly slot: NonNullable<TargetState["slots"][SlotName]>;
    readonly records: readonly Deployment[];
  },
): Promise<EnvironmentState["slots"][number]> {
  const { releaseId, deploymentId, pid, port, restartCount } = at.slot;
  const warmUntil = at.slot.warmUntil === null ? null : new Date(at.slot.warmUntil).toISOString();
  const record = at.records.find((each) => each.id === deploymentId);
  const answer = await target.probe(at.name, record?.service.readyPath ?? DEFAULT_READY_PATH);
  const isReady = answer.status === 200 && answer.releaseId === releaseId;
  const { isCrashLooping, lastExit, memoryBytes = null } = at.slot;
  const life = { pid, port, isReady, restartCount, isCrashLooping, lastExit, memoryBytes };
  const parked = at.slot.isParked === true ? { isParked: true } : {};
  return { slot: at.name, releaseId, ...life, deploymentId, warmUntil, ...parked };
}

function statusOf(state: TargetState, isLiveReady: boolean): EnvironmentState["status"] {
  if (!state.isKnown) return "absent";
  if (state.isStopped) return "stopped";
  const isWhole = state.keeper !== null && state.router !== null && state.problems.length === 0;
  return isWhole && isLiveReady ? "running" : "unhealthy";
}

function areSlotsEmpty(state: TargetState): boolean {
  return SLOT_NAMES.every((name) => state.slots[name] === null);
}
