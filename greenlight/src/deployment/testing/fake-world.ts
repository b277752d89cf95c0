import { setImmediate as breathe } from "node:timers/promises";

import type { Clock } from "../../base/clock.ts";
import { problem, type Problem } from "../../base/problem.ts";
import { ok } from "../../base/result.ts";
import type { ReleaseManifest } from "../../release/manifest.ts";
import type { ApprovalRecord } from "../approval.ts";
import { stateOf, type Deployment } from "../deployment.ts";
import type { RecordedExchange } from "../gates/recorded-exchange.ts";
import type { ServiceAnswer, ServiceCall } from "../gates/service-call.ts";
import type { TrafficFigures } from "../gates/traffic-figures.ts";
import type { LeaseHolder, LiveRelease, ProbeAnswer, SlotName, Target, TargetRelease, TargetState } from "../target.ts";
import { isBad, type Behaviour } from "./fake-behaviour.ts";
import { FAKE_TIMINGS } from "./fake-timings.ts";
import { brokenAfter, brokenByEnding, brokenByPruning } from "./world-rules.ts";

interface FakeSlot {
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly digest: string;
  restartCount: number;
  warmUntil: number | null;
  isParked?: boolean;
}

const NO_REQUESTS: TrafficFigures = { requestCount: 0, errorCount: 0, durations: null };

const STALE = problem("ENVIRONMENT_BUSY", { place: "fake", message: "stale epoch" });

/** kill -9 of the controller, at a place that the test chose. */
export class Killed extends Error {}

/**
 * A host with everything on it, in memory, with a clock of its own. It outlives the controllers that a test kills, and writes
 * down every rule that one of them breaks.
 */
export class FakeWorld {
  now = 1_700_000_000_000;
  isStopped = false;
  isKnown = false;
  isKeeperUp = false;
  isRouterUp = false;
  epoch = 0;
  route: { epoch: number; live: LiveRelease | null; heldUntil?: number | null } = { epoch: 0, live: null };
  slots: Record<SlotName, FakeSlot | null> = { blue: null, green: null };
  inFlight = new Map<string, number>();
  /** What the router counted, by deployment. */
  readonly traffic = new Map<string, TrafficFigures>();
  recordings: readonly RecordedExchange[] = [];
  /** Answers to requests to a slot. */
  answer = (_call: ServiceCall, _releaseId: string): { status: number; body: string } => ({ status: 200, body: "{}" });
  readonly records = new Map<string, string>();
  readonly answers = new Map<string, string>();
  readonly behaviours = new Map<string, Behaviour>();
  readonly brokenRules: string[] = [];
  timings = FAKE_TIMINGS;
  startCount = 0;
  #probeCount = 0;
  readonly installed = new Set<string>();
  readonly manifests = new Map<string, ReleaseManifest>();
  /** The controllers that live; the lease of a dead one is free. */
  readonly alive = new Set<string>();
  leaseHolder: string | null = null;
  /** Effect → how often it fails from now on. */
  readonly failing = new Map<string, number>();

  readonly clock: Clock = {
    now: () => this.now,
    sleep: async (ms, signal) => {
      await breathe();
      signal?.throwIfAborted();
      this.now += ms;
      // Requests at an old release end by and by.
      for (const [id, count] of this.inFlight) this.inFlight.set(id, Math.max(0, count - 1));
    },
  };

  /**
   * What one controller sees of the world. `onStep` is called before and after all it does; it may throw `Killed`, and the
   * controller stands still while it waits.
   */
  target(controller: string, onStep: (step: string) => void | Promise<void> = () => {}): Target {
    this.alive.add(controller);
    const step = async <Value>(name: string, act: () => Value): Promise<Value> => {
      await onStep(`before ${name}`);
      const value = act();
      await onStep(`after ${name}`);
      return value;
    };
    const effect = (name: string, epoch: number, act: () => void): Promise<readonly Problem[]> =>
      step(name, () => {
        if (epoch < this.epoch) return [STALE];
        const failures = this.failing.get(name) ?? 0;
        if (failures > 0) {
          this.failing.set(name, failures - 1);
          return [problem("KEEPER_UNREACHABLE", { place: "fake", message: `${name} failed on purpose` })];
        }
        act();
        this.brokenRules.push(...brokenAfter(this, name));
        return [];
      });
    return {
      url: "http://fake",
      timings: this.timings,
      observe: async () => this.#state(),
      takeLease: (holder, how) => step("takeLease", () => this.#takeLease(controller, holder, how?.isForced ?? false)),
      preflight: async () => [],
      install: (release) =>
        effect("install", this.epoch, () => {
          this.installed.add(release.digest);
          this.manifests.set(release.digest, release.manifest);
        }),
      start: (epoch) =>
        effect("start", epoch, () => {
          this.isKnown = true;
          this.isStopped = false;
          this.isKeeperUp = true;
          this.isRouterUp = true;
        }),
      startSlot: ({ epoch, slot, deploymentId, release }) =>
        effect("startSlot", epoch, () => this.#startSlot(slot, deploymentId, release)),
      endSlot: ({ epoch, slot, deploymentId }) => effect("endSlot", epoch, () => this.#endSlot(slot, deploymentId)),
      keepSlot: async ({ epoch, slot, deploymentId, until }) => {
        const refused = await effect("keepSlot", epoch, () => {
          const running = this.slots[slot];
          if (running?.deploymentId === deploymentId) running.warmUntil = until;
        });
        if (refused.length > 0 || this.slots[slot]?.deploymentId === deploymentId) return refused;
        return [problem("KEEPER_UNREACHABLE", { place: "fake", message: `${slot} does not hold ${deploymentId}` })];
      },
      parkSlot: ({ epoch, slot, deploymentId, isParked }) =>
        effect("parkSlot", epoch, () => {
          const running = this.slots[slot];
          if (isParked) this.brokenRules.push(...brokenByEnding(this, deploymentId));
          if (running?.deploymentId === deploymentId) running.isParked = isParked;
        }),
      holdRoute: ({ epoch, until }) =>
        effect("holdRoute", epoch, () => {
          if (until !== null && this.route.live !== null) this.inFlight.set(this.route.live.deploymentId, 3);
          this.route = { ...this.route, epoch, heldUntil: until };
        }),
      switchRoute: ({ epoch, from, to }) =>
        effect("switchRoute", epoch, () => {
          const live = this.route.live?.deploymentId ?? null;
          if (live !== from && live !== to.deploymentId) this.brokenRules.push("the route was swapped blindly");
          if (live !== null && live !== to.deploymentId) this.inFlight.set(live, 3);
          this.route = { epoch, live: to };
        }),
      closeUpstream: (id) => effect("closeUpstream", this.epoch, () => void this.inFlight.delete(id)),
      probe: async (place, path) => {
        const answer = this.#probe(place, path);
        if (place === "production" && this.isRouterUp) this.#count(answer.status);
        return answer;
      },
      request: async (place, call) => this.#request(place, call),
      readRecordings: async (limit) => this.recordings.slice(-limit),
      peakMemory: async () => null,
      slotLog: async () => [],
      readRelease: async (digest) => this.manifests.get(digest) ?? null,
      prune: (keepDigests) =>
        effect("prune", this.epoch, () => {
          this.brokenRules.push(...brokenByPruning(this, keepDigests));
          for (const digest of this.installed) if (!keepDigests.includes(digest)) this.installed.delete(digest);
        }),
      stop: (epoch) =>
        step("stop", () => {
          const wasRunning = this.isKeeperUp;
          if (epoch < this.epoch) return { wasRunning, endedPids: [], problems: [STALE] };
          this.epoch = Math.max(epoch, this.epoch);
          this.isStopped = true;
          this.isKeeperUp = false;
          this.isRouterUp = false;
          this.slots = { blue: null, green: null };
          this.route = { epoch, live: null };
          return { wasRunning, endedPids: wasRunning ? [1] : [], problems: [] };
        }),
      readDeployments: async () =>
        [...this.records.values()]
          .map((text) => JSON.parse(text) as Deployment)
          .toSorted((left, right) => (left.id < right.id ? 1 : -1)),
      writeDeployment: (deployment) =>
        step(`write ${stateOf(deployment)}`, () => {
          const isStale = deployment.epoch > 0 && deployment.epoch < this.epoch;
          if (isStale) return [STALE];
          this.records.set(deployment.id, JSON.stringify(deployment));
          return [];
        }),
      readApprovals: async () => [...this.answers.values()].map((text) => JSON.parse(text) as ApprovalRecord),
      writeApproval: (record) =>
        step(`write ${record.answer}`, () => {
          const known = this.answers.get(record.deploymentId);
          const standing = known === undefined ? null : (JSON.parse(known) as ApprovalRecord);
          const isKept = standing !== null && !(standing.answer === "granted" && record.answer === "rejected");
          if (!isKept) this.answers.set(record.deploymentId, JSON.stringify(record));
          return ok(isKept ? standing : record);
        }),
    };
  }

  kill(controller: string): void {
    this.alive.delete(controller);
  }

  #takeLease(controller: string, holder: LeaseHolder, isForced: boolean): Awaited<ReturnType<Target["takeLease"]>> {
    if (this.leaseHolder !== null && this.alive.has(this.leaseHolder) && !isForced) {
      return { isTaken: false, heldBy: this.leaseHolder };
    }
    this.leaseHolder = controller;
    // Ids sort by time, and even here no two deployments begin in the same millisecond.
    this.now += 1;
    this.epoch += 1;
    const { epoch } = this;
    const release = async (): Promise<void> => {
      if (this.epoch === epoch) this.leaseHolder = null;
    };
    void holder;
    return { isTaken: true, lease: { epoch, isLost: () => this.epoch > epoch, release } };
  }

  #startSlot(slot: SlotName, deploymentId: string, release: TargetRelease): void {
    if (!this.isKeeperUp) this.brokenRules.push("a slot was started without a keeper");
    if (!this.installed.has(release.digest)) this.brokenRules.push("a release was started that is not installed");
    const occupant = this.slots[slot];
    if (occupant !== null && occupant.deploymentId !== deploymentId) this.brokenRules.push(`${slot} was overwritten`);
    const { releaseId, digest } = release;
    if (occupant === null) this.startCount += 1;
    this.slots[slot] ??= { deploymentId, releaseId, digest, restartCount: 0, warmUntil: null };
  }

  #endSlot(slot: SlotName, deploymentId: string): void {
    this.brokenRules.push(...brokenByEnding(this, deploymentId));
    if (this.slots[slot]?.deploymentId === deploymentId) this.slots[slot] = null;
  }

  #behaviourIn(slot: SlotName): Behaviour | null {
    const running = this.slots[slot];
    return running === null ? null : (this.behaviours.get(running.releaseId) ?? "well");
  }

  #probe(place: SlotName | "production", path: string): ProbeAnswer {
    const slot = place === "production" ? this.route.live?.slot : place;
    const behaviour = slot === undefined ? null : this.#behaviourIn(slot);
    const running = slot === undefined ? null : this.slots[slot];
    if (
      running === null ||
      running.isParked === true ||
      behaviour === null ||
      (place === "production" && !this.isRouterUp)
    ) {
      return { status: 0, releaseId: null, detail: "connection refused" };
    }
    const { releaseId } = running;
    this.#probeCount += 1;
    if (isBad(behaviour, { place, path, probeCount: this.#probeCount }))
      return { status: 503, releaseId, detail: "status 503" };
    return { status: 200, releaseId: behaviour === "wrong-version" ? "other" : releaseId, detail: "status 200" };
  }

  #request(place: SlotName | "production", call: ServiceCall): ServiceAnswer {
    const slot = place === "production" ? this.route.live?.slot : place;
    const running = slot === undefined ? null : this.slots[slot];
    if (running === null || running.isParked === true)
      return { status: 0, headers: {}, body: "", detail: "connection refused", durationMs: 0 };
    const { status, body } = this.answer(call, running.releaseId);
    return { status, headers: { "content-type": "application/json" }, body, detail: "", durationMs: 1 };
  }

  #count(status: number): void {
    const id = this.route.live?.deploymentId;
    if (id === undefined) return;
    const { requestCount, errorCount, durations } = this.traffic.get(id) ?? NO_REQUESTS;
    const isError = status === 0 || status >= 500;
    this.traffic.set(id, { requestCount: requestCount + 1, errorCount: errorCount + (isError ? 1 : 0), durations });
  }

  #state(): TargetState {
    const view = (slot: SlotName): TargetState["slots"][SlotName] => {
      const running = this.slots[slot];
      if (running === null) return null;
      const isCrashLooping = this.#behaviourIn(slot) === "crash-loop";
      const restartCount = isCrashLooping ? 6 : running.restartCount;
      return { ...running, pid: 1, port: 1, restartCount, isCrashLooping, lastExit: null };
    };
    return {
      isKnown: this.isKnown,
      isStopped: this.isStopped,
      problems: [],
      keeper: this.isKeeperUp ? { pid: 1, startTime: "x" } : null,
      router: this.isRouterUp ? { pid: 2, isInPlace: true } : null,
      route: this.route,
      slots: { blue: view("blue"), green: view("green") },
      traffic: [...new Set([...this.inFlight.keys(), ...this.traffic.keys()])].map((deploymentId) => {
        const { requestCount, errorCount, durations } = this.traffic.get(deploymentId) ?? NO_REQUESTS;
        const inFlightCount = this.inFlight.get(deploymentId) ?? 0;
        return { deploymentId, inFlightCount, requestCount, serverErrorCount: errorCount, failureCount: 0, durations };
      }),
    };
  }
}
