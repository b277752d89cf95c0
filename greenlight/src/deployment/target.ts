import type { Json } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { ProcessIdentity } from "../base/process-identity.ts";
import type { Result } from "../base/result.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import type { ApprovalRecord } from "./approval.ts";
import type { Deployment } from "./deployment.ts";
import type { RecordedExchange, RecordingSettings } from "./gates/recorded-exchange.ts";
import type { ServiceAnswer, ServiceCall } from "./gates/service-call.ts";
import type { DurationCounts } from "./gates/traffic-figures.ts";
import type { KeeperUnitAnswer, KeeperUnitOrder } from "./keeper-unit.ts";

/** What a target's module gets to `connect` with. */
export interface TargetConnection {
  readonly name: string;
  /** Absolute; where a local target keeps the environment's truth. */
  readonly folder: string;
  readonly options: { readonly [name: string]: Json };
  /** As the definition says now. A release carries the configuration that it was bundled with. */
  readonly configuration: Readonly<Record<string, string>>;
  /** What the router records from the next switch on; left out or null: nothing. */
  readonly recording?: RecordingSettings | null;
}

/**
 * The port to the place where an environment lives. Everything it reports is read there, nothing is remembered here. Effects
 * answer the problems that kept them from being done, none when they are done; each is idempotent, and those that carry an
 * epoch do nothing once a higher one was seen. Only bugs reject; but where the place is another machine that can't be reached (any
 * more), what only looks rejects with a ProblemError, so that nothing is concluded from a silence: the controller ends like one that
 * was killed, and the next one goes on from what is written down.
 */
export interface Target {
  /** Where requests of users go. */
  readonly url: string;
  readonly timings: DeploymentTimings;
  observe(): Promise<TargetState>;
  /** The right to change the environment, with a fencing epoch higher than any before. */
  takeLease(holder: LeaseHolder, options?: LeaseTaking): Promise<LeaseAnswer>;
  /** Looks whether the release could run here; changes nothing. */
  preflight(release: TargetRelease): Promise<readonly Problem[]>;
  /** Puts the files in place, whole and verified or not at all. Ends early when the signal is aborted. */
  install(release: TargetRelease, signal: AbortSignal): Promise<readonly Problem[]>;
  /** Starts keeper and router where they don't run; also after a `stop`. */
  start(epoch: number): Promise<readonly Problem[]>;
  startSlot(order: SlotStart): Promise<readonly Problem[]>;
  endSlot(order: SlotEnd): Promise<readonly Problem[]>;
  /**
   * Keeps a slot running that has no traffic, until a time; then the target ends it by itself, unless it has the traffic again.
   * A problem when the slot does not hold that deployment (any more): what was asked for is then not running.
   */
  keepSlot(order: SlotKeep): Promise<readonly Problem[]>;
  /**
   * Stops what is in a slot, and keeps all that is needed to start it again, its secrets too; or starts it again. A problem when the
   * slot does not hold that deployment.
   */
  parkSlot(order: SlotPark): Promise<readonly Problem[]>;
  /** Lets requests wait in front of what is live until a time, or no more. The wait ends by itself, and with the next switch. */
  holdRoute(order: RouteHold): Promise<readonly Problem[]>;
  /** Compare and swap of the route, which is the commit point. */
  switchRoute(order: RouteChange): Promise<readonly Problem[]>;
  /** Forgets the connections to a deployment that has no traffic any more; breaks what is still under way. */
  closeUpstream(deploymentId: string): Promise<readonly Problem[]>;
  /** One GET, to a slot directly or as a user would. Never rejects. */
  probe(place: SlotName | "production", path: string): Promise<ProbeAnswer>;
  /** One request, to a slot directly or as a user would; never repeated and never redirected. Never rejects. */
  request(place: SlotName | "production", call: ServiceCall): Promise<ServiceAnswer>;
  /** The newest recorded requests, oldest first, at most `limit`. What can't be read is left out. */
  readRecordings(limit: number): Promise<readonly RecordedExchange[]>;
  /**
   * What the service in a slot and all that it started used at most since they started, in bytes, pages that they share counted for
   * each; null: it does not run, or the system does not tell.
   */
  peakMemory(slot: SlotName): Promise<number | null>;
  /** The last lines that the service in a slot wrote. */
  slotLog(slot: SlotName): Promise<readonly string[]>;
  /** The manifest of a release that was installed here, as long as its files or a record of it are kept; null: unknown. */
  readRelease(digest: string): Promise<ReleaseManifest | null>;
  /** Removes the files of all releases but these. */
  prune(keepDigests: readonly string[]): Promise<readonly Problem[]>;
  /** Records `stopped` first, then ends all. */
  stop(epoch: number): Promise<StopAnswer>;
  /** Newest first. Records that can't be read are left out. */
  readDeployments(): Promise<readonly Deployment[]>;
  /** Refuses what a controller writes that was superseded: one with an epoch (above 0) that is not the highest any more. */
  writeDeployment(deployment: Deployment): Promise<readonly Problem[]>;
  /** All answers that are kept here. What can't be read is left out. */
  readApprovals(): Promise<readonly ApprovalRecord[]>;
  /**
   * Keeps the answer to one deployment, durably, and resolves to the one that stands then: of several the first, but a
   * rejection replaces a grant. Needs no lease: any number of processes may call it at once.
   */
  writeApproval(answer: ApprovalRecord): Promise<Result<ApprovalRecord, readonly Problem[]>>;
  /**
   * The unit of systemd on another machine, which starts the environment's keeper after a reboot; resolves to null where nothing was
   * deployed yet. Left out: the environment lives on this machine, or keeps itself.
   */
  keeperUnit?(order: KeeperUnitOrder): Promise<KeeperUnitAnswer | null>;
}

export type SlotName = "blue" | "green";

/** All in milliseconds, but for `readyCount` and `swap`. */
export interface DeploymentTimings {
  /** How long a deployment waits for another one to end. */
  readonly leaseWaitMs: number;
  /** How long green may take until it is ready. */
  readonly startTimeoutMs: number;
  /** Ready answers in a row that count as healthy. */
  readonly readyCount: number;
  readonly probeEveryMs: number;
  readonly bakeMs: number;
  readonly drainMs: number;
  /** How long the release that was live before is kept running after a deployment; 0: it is ended at once. */
  readonly warmMs: number;
  /** `hold`: two releases don't fit side by side, so the old one is stopped first. */
  readonly swap: "beside" | "hold";
  /** Longest time that requests wait for that; afterwards they are refused. */
  readonly holdMs: number;
}

export interface TargetRelease {
  readonly manifest: ReleaseManifest;
  readonly digest: string;
  readonly releaseId: string;
  blobPath(digest: string): string;
}

export interface LiveRelease {
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly digest: string;
  readonly slot: SlotName;
}

export interface TargetState {
  /** False: nothing was ever deployed here. */
  readonly isKnown: boolean;
  readonly isStopped: boolean;
  /** Set when the target's own files can't be read; the rest then is what can still be told. */
  readonly problems: readonly Problem[];
  readonly keeper: ProcessIdentity | null;
  /** `isInPlace`: it listens where the definition wants it. */
  readonly router: { readonly pid: number; readonly isInPlace: boolean } | null;
  /** `heldUntil`: requests wait until then, in milliseconds since the epoch; left out or null: they do not. */
  readonly route: { readonly epoch: number; readonly live: LiveRelease | null; readonly heldUntil?: number | null };
  readonly slots: Readonly<Record<SlotName, TargetSlot | null>>;
  /** Counted by the router since it started. */
  readonly traffic: readonly DeploymentTraffic[];
  /** Of the router, as it is shown to users; left out or null: it speaks no TLS, or nobody can tell. */
  readonly certificate?: TargetCertificate | null;
}

export interface TargetCertificate {
  /** ISO 8601; null: there is none yet. */
  readonly validTo: string | null;
  /** Why there is none, or no newer one; null: all is well. */
  readonly fault: string | null;
  /** When another one is asked for, ISO 8601; null: nobody asks, or it is just being asked. */
  readonly nextAt: string | null;
}

export interface TargetSlot extends Omit<LiveRelease, "slot"> {
  readonly pid: number | null;
  readonly port: number;
  readonly restartCount: number;
  readonly isCrashLooping: boolean;
  readonly lastExit: string | null;
  /** What the service and all that it started use; left out or null where it is not watched. */
  readonly memoryBytes?: number | null;
  /** When the target ends it by itself, in milliseconds since the epoch; null: it does not. */
  readonly warmUntil: number | null;
  /** It is stopped and may be started again, as it is; left out: it runs. */
  readonly isParked?: boolean;
}

interface DeploymentTraffic {
  readonly deploymentId: string;
  readonly inFlightCount: number;
  readonly requestCount: number;
  /** Answers of the deployment with a status of 500 or more. */
  readonly serverErrorCount: number;
  /** Requests that broke at the deployment. */
  readonly failureCount: number;
  /** How long its answers took; left out or null: not measured. */
  readonly durations?: DurationCounts | null;
}

export interface LeaseHolder {
  readonly deploymentId: string;
  readonly who: string;
  readonly runId: string;
}

export interface LeaseTaking {
  /** Takes it from its holder. */
  readonly isForced: boolean;
  /** The same holder again, after what kept its lease has ended: it gets this epoch back unless there was a higher one since. */
  readonly continuedEpoch?: number | null;
}

export type LeaseAnswer =
  | { readonly isTaken: true; readonly lease: Lease }
  | { readonly isTaken: false; readonly heldBy: string };

export interface Lease {
  readonly epoch: number;
  /** True once somebody else has a higher epoch. */
  isLost(): boolean;
  /** Idempotent. */
  release(): Promise<void>;
}

interface SlotStart {
  readonly epoch: number;
  readonly slot: SlotName;
  readonly deploymentId: string;
  readonly release: TargetRelease;
  /** For the process alone: never on a command line, nor in a file that anybody else may read. */
  readonly secrets?: Readonly<Record<string, string>>;
}

interface SlotEnd {
  readonly epoch: number;
  readonly slot: SlotName;
  readonly deploymentId: string;
}

interface SlotKeep extends SlotEnd {
  /** Milliseconds since the epoch; null: until somebody ends it. */
  readonly until: number | null;
}

interface SlotPark extends SlotEnd {
  /** False: it is started again. */
  readonly isParked: boolean;
}

interface RouteHold {
  readonly epoch: number;
  /** Milliseconds since the epoch; null: nobody waits any more. */
  readonly until: number | null;
}

export interface RouteChange {
  readonly epoch: number;
  /** Who must have the traffic now; null: nobody. */
  readonly from: string | null;
  readonly to: LiveRelease;
}

/** `status` 0: no answer, and `detail` says why. */
export interface ProbeAnswer {
  readonly status: number;
  /** The field `releaseId` of the JSON body, when there is one. */
  readonly releaseId: string | null;
  readonly detail: string;
}

export interface StopAnswer {
  readonly wasRunning: boolean;
  readonly endedPids: readonly number[];
  /** What was out of the ordinary, one clause each, beginning with a small letter. */
  readonly notes?: readonly string[];
  readonly problems: readonly Problem[];
}
