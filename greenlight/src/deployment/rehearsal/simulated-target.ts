import { ok } from "../../base/result.ts";
import type { ApprovalRecord } from "../approval.ts";
import type { Deployment } from "../deployment.ts";
import type { LiveRelease, ProbeAnswer, SlotName, Target, TargetRelease, TargetState } from "../target.ts";

const NO_REQUESTS = { inFlightCount: 0, requestCount: 0, serverErrorCount: 0, failureCount: 0 };

/**
 * A target in memory that begins as the real one is, and where everything that is ordered works at once. The real one is only looked
 * at: what it says of a slot counts until the slot is another one here.
 */
export async function simulateTarget(real: Target, now: () => number): Promise<Target> {
  let state: TargetState = await real.observe();
  let epoch = state.route.epoch;
  const records = new Map((await real.readDeployments()).map((each) => [each.id, each]));
  const answers = new Map<string, ApprovalRecord>();
  const changed = new Set<SlotName>();
  let isRouteChanged = false;

  const put = (slot: SlotName, occupant: TargetState["slots"][SlotName]): void => {
    state = { ...state, slots: { ...state.slots, [slot]: occupant } };
  };
  /** The router counts what goes through it, the probes too. */
  const countRequest = (): void => {
    const deploymentId = state.route.live?.deploymentId;
    if (deploymentId === undefined) return;
    const others = state.traffic.filter((each) => each.deploymentId !== deploymentId);
    const before = state.traffic.find((each) => each.deploymentId === deploymentId) ?? { ...NO_REQUESTS, deploymentId };
    state = { ...state, traffic: [...others, { ...before, requestCount: before.requestCount + 1 }] };
  };
  const answerOf = (slot: SlotName): ProbeAnswer => {
    const running = state.slots[slot];
    if (running === null) return { status: 0, releaseId: null, detail: `slot ${slot} is empty` };
    return { status: 200, releaseId: running.releaseId, detail: "status 200" };
  };

  return {
    url: real.url,
    timings: real.timings,
    observe: async () => state,
    takeLease: async () => {
      epoch += 1;
      const own = epoch;
      return { isTaken: true, lease: { epoch: own, isLost: () => epoch > own, release: async () => {} } };
    },
    preflight: (release) => real.preflight(release),
    install: done,
    start: async () => {
      const keeper = state.keeper ?? { pid: 0, startTime: "" };
      state = { ...state, isKnown: true, isStopped: false, keeper, router: { pid: 0, isInPlace: true } };
      return [];
    },
    startSlot: async ({ slot, deploymentId, release }) => {
      changed.add(slot);
      put(slot, state.slots[slot] ?? slotOf(deploymentId, release));
      return [];
    },
    endSlot: async ({ slot }) => {
      changed.add(slot);
      put(slot, null);
      return [];
    },
    keepSlot: async ({ slot, until }) => {
      const running = state.slots[slot];
      if (running !== null) put(slot, { ...running, warmUntil: until });
      return [];
    },
    parkSlot: async ({ slot, isParked }) => {
      const running = state.slots[slot];
      changed.add(slot);
      if (running !== null) put(slot, { ...running, isParked });
      return [];
    },
    holdRoute: async ({ until }) => {
      state = { ...state, route: { ...state.route, heldUntil: until } };
      return [];
    },
    switchRoute: async ({ to }) => {
      isRouteChanged = true;
      state = { ...state, route: { epoch, live: to } };
      return [];
    },
    closeUpstream: done,
    probe: async (place, path) => {
      if (place === "production") countRequest();
      const slot = place === "production" ? (state.route.live?.slot ?? "blue") : place;
      const isAsItWas = !changed.has(slot) && (place !== "production" || !isRouteChanged);
      return isAsItWas ? real.probe(place, path) : answerOf(slot);
    },
    request: async () => ({ status: 0, headers: {}, body: "", detail: "nothing runs in a rehearsal", durationMs: 0 }),
    readRecordings: done,
    peakMemory: async () => null,
    slotLog: done,
    readRelease: (digest) => real.readRelease(digest),
    prune: done,
    stop: async () => {
      const wasRunning = state.keeper !== null;
      const route: { epoch: number; live: LiveRelease | null } = { epoch, live: null };
      state = { ...state, isStopped: true, keeper: null, router: null, route, slots: { blue: null, green: null } };
      return { wasRunning, endedPids: [], problems: [] };
    },
    readDeployments: async () => [...records.values()].toSorted(newestFirst),
    writeDeployment: async (deployment) => {
      records.set(deployment.id, deployment);
      return [];
    },
    readApprovals: async () => [...answers.values(), ...(await real.readApprovals())],
    writeApproval: async (answer) => {
      answers.set(answer.deploymentId, { ...answer, at: new Date(now()).toISOString() });
      return ok(answer);
    },
  };
}

async function done(): Promise<readonly []> {
  return [];
}

function slotOf(deploymentId: string, { releaseId, digest }: TargetRelease): TargetState["slots"][SlotName] {
  return {
    deploymentId,
    releaseId,
    digest,
    pid: null,
    port: 0,
    restartCount: 0,
    isCrashLooping: false,
    lastExit: null,
    warmUntil: null,
  };
}

function newestFirst(left: Deployment, right: Deployment): number {
  return left.id < right.id ? 1 : -1;
}
