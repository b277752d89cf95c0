import { join } from "node:path";

import { readEither } from "../../../base/durable-file.ts";
import { problem, ProblemError, type Problem } from "../../../base/problem.ts";
import type { Target, TargetConnection } from "../../../deployment/target.ts";
import { parseDesiredState, type SlotOrder } from "../../../keeper/wire.ts";
import { parseRouterAddress, routerKey, type RouterAddress } from "../../../router/wire.ts";
import { readApprovals, writeApproval } from "./approval-records.ts";
import { readDeployments, writeDeployment } from "./deployment-records.ts";
import { askKeeper, ensureKeeper, orderKeeper, type KeeperOrder } from "./keeper-client.ts";
import { observe } from "./observe.ts";
import { checkOptions, DEFAULT_OPTIONS, memoryLimitBytes, type ProcessesOptions } from "./options.ts";
import { placeOf, productionAddress, releaseFolder, routerAddress, urlOf, type Place } from "./place.ts";
import { probe } from "./probe.ts";
import { closeUpstream, holdRoute, setRecording, switchRoute, waitForRouter } from "./router-client.ts";

const ORDER_TIMEOUT_MS = 10_000;
const LEASE_WAIT_MS = 15_000;
const READY_COUNT = 3;
const PROBE_EVERY_MS = 40;

/** The target `processes`: an environment as processes of this machine. Touches nothing until it is asked to. */
export function connect(connection: TargetConnection): Target {
  const place = placeOf(connection.name, connection.folder, readOptions(connection));
  const { options } = place;
  return {
    url: urlOf(place),
    timings: {
      leaseWaitMs: LEASE_WAIT_MS,
      startTimeoutMs: options.startTimeoutMs,
      readyCount: READY_COUNT,
      probeEveryMs: PROBE_EVERY_MS,
      bakeMs: options.bakeMs,
      drainMs: options.drainMs,
      warmMs: options.warmMs,
      swap: options.swap,
      holdMs: options.holdMs,
    },
    observe: () => observe(place),
    // What changes the environment is loaded when it is asked for: a look at it has to be quick.
    takeLease: async (holder, how) => (await import("./lease.ts")).takeLease(place, holder, how ?? { isForced: false }),
    preflight: async (release) => (await import("./preflight.ts")).preflight(place, release),
    install: async (release, signal) => (await import("./install-release.ts")).installRelease(place, release, signal),
    start: (epoch) => start(place, epoch),
    startSlot: ({ epoch, slot, deploymentId, release, secrets = {} }) => {
      const body = { epoch, order: { ...orderFor(place, { deploymentId, ...release }), secrets } };
      return obey(place, { line: `PUT /slots/${slot}`, body, timeoutMs: ORDER_TIMEOUT_MS });
    },
    endSlot: ({ epoch, slot, deploymentId }) => {
      const { stopGraceMs: graceMs } = options;
      const timeoutMs = graceMs + ORDER_TIMEOUT_MS;
      return obey(place, { line: `DELETE /slots/${slot}`, body: { epoch, deploymentId, graceMs }, timeoutMs });
    },
    keepSlot: ({ epoch, slot, deploymentId, until }) => {
      const body = { epoch, deploymentId, until };
      return obey(place, { line: `PUT /slots/${slot}/warmth`, body, timeoutMs: ORDER_TIMEOUT_MS });
    },
    parkSlot: ({ epoch, slot, deploymentId, isParked }) => {
      const { stopGraceMs: graceMs } = options;
      const body = { epoch, deploymentId, isParked, graceMs };
      return obey(place, { line: `PUT /slots/${slot}/parking`, body, timeoutMs: graceMs + ORDER_TIMEOUT_MS });
    },
    holdRoute: (order) => holdRoute(place, order),
    switchRoute: async (change) => {
      // Side by side: from the decision on, each millisecond sends more requests to the old release.
      const [keeper, router] = await Promise.all([
        askKeeper(place),
        waitForRouter(place),
        setRecording(place, connection.recording ?? null),
      ]);
      if (!router.ok) return router.error;
      const slot = keeper?.slots[change.to.slot];
      if (slot?.deploymentId === change.to.deploymentId) {
        return switchRoute(place, change, { port: slot.port, route: router.value.route });
      }
      const message = `slot ${change.to.slot} does not hold ${change.to.deploymentId}`;
      return [problem("KEEPER_UNREACHABLE", { place: place.name, message })];
    },
    closeUpstream: (deploymentId) => closeUpstream(place, deploymentId),
    probe: async (where, path) => {
      if (where === "production") return probe(productionAddress(place), path);
      const desired = await readEither(place.paths.desired, parseDesiredState);
      const slot = desired.ok && desired.value !== null ? desired.value.slots[where] : null;
      if (slot === null) return { status: 0, releaseId: null, detail: `slot ${where} is empty` };
      return probe({ host: "127.0.0.1", port: slot.port }, path);
    },
    request: async (where, call) => {
      const { callService } = await import("./call-service.ts");
      if (where === "production") return callService(productionAddress(place), call);
      const desired = await readEither(place.paths.desired, parseDesiredState);
      const slot = desired.ok && desired.value !== null ? desired.value.slots[where] : null;
      if (slot !== null) return callService({ host: "127.0.0.1", port: slot.port }, call);
      return { status: 0, headers: {}, body: "", detail: `slot ${where} is empty`, durationMs: 0 };
    },
    readRecordings: async (limit) => (await import("./recordings.ts")).readRecordings(place, limit),
    peakMemory: async (slot) => {
      const pid = (await askKeeper(place))?.slots[slot]?.pid ?? null;
      return pid === null ? null : (await import("./peak-memory.ts")).peakMemory(pid);
    },
    slotLog: async (slot) => (await import("./slot-log.ts")).slotLog(place, slot),
    readRelease: async (digest) => (await import("./kept-release.ts")).readKeptRelease(place, digest),
    prune: async (keepDigests) => (await import("./prune.ts")).prune(place, keepDigests),
    stop: async (epoch) => (await import("./stop.ts")).stopEnvironment(place, epoch),
    readDeployments: () => readDeployments(place),
    writeDeployment: (deployment) => writeDeployment(place, deployment),
    readApprovals: () => readApprovals(place),
    writeApproval: (answer) => writeApproval(place, answer),
  };
}

async function start(place: Place, epoch: number): Promise<readonly Problem[]> {
  const problems = await ensureKeeper(place, epoch);
  if (problems.length > 0) return problems;
  const router = routerAddress(place);
  const before = parseRouterAddress((await askKeeper(place))?.router);
  const placeRouter = (at: RouterAddress): Promise<readonly Problem[]> =>
    obey(place, { line: "PUT /router", body: { epoch, ...at }, timeoutMs: ORDER_TIMEOUT_MS });
  let refused = await placeRouter(router);
  if (refused.length === 0 && (router.tls?.acme ?? null) !== null) {
    refused = await (await import("./first-certificate.ts")).awaitCertificate(place);
  }
  const isMoved = before !== null && routerKey(before) !== routerKey(router);
  // Whoever is served goes on being served where it was.
  if (refused.length > 0 && isMoved) await placeRouter(before);
  return refused;
}

async function obey(place: Place, order: KeeperOrder): Promise<readonly Problem[]> {
  const answer = await orderKeeper(place, order);
  return answer.ok ? [] : answer.error;
}

function orderFor(
  place: Place,
  { deploymentId, releaseId, digest, manifest }: { deploymentId: string } & Parameters<Target["preflight"]>[0],
): SlotOrder {
  const folder = releaseFolder(place, digest);
  return {
    deploymentId,
    releaseId,
    digest,
    command: join(folder, manifest.start.command),
    arguments: manifest.start.arguments,
    folder: join(folder, manifest.start.folder),
    environment: {
      ...manifest.configuration[place.name],
      ...(manifest.modelPath === null ? {} : { MODEL_PATH: join(folder, manifest.modelPath) }),
    },
    readyPath: manifest.start.readyPath,
    memoryLimitBytes: memoryLimitBytes(place.options.memoryLimit),
  };
}

function readOptions({ name, options }: TargetConnection): ProcessesOptions {
  const whole = { ...DEFAULT_OPTIONS, ...options };
  const problems = checkOptions(whole).map((message) =>
    problem("CONFIG_INVALID", { place: `environment ${name}, target`, message }),
  );
  if (problems.length > 0) throw new ProblemError(problems);
  return whole as unknown as ProcessesOptions;
}
