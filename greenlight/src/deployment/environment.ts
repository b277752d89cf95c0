import type { Problem } from "../base/problem.ts";
import type { Result } from "../base/result.ts";
import type { ReleaseManifest } from "../release/manifest.ts";
import type { ApprovalMeans, ApprovalRecord, ApprovalWait } from "./approval.ts";
import type { RollbackChoice } from "./choose-rollback.ts";
import type { DeployGates, GateRecord } from "./gates/gate-record.ts";
import type { Rehearsal } from "./rehearsal/rehearsal.ts";
import type { StopAnswer, TargetCertificate } from "./target.ts";

export type { RollbackChoice } from "./choose-rollback.ts";
export type { Rehearsal, RehearsedAction } from "./rehearsal/rehearsal.ts";

/** One environment as its controllers see it. All truth lies beside its keeper; nothing is remembered here. */
export interface Environment {
  readonly name: string;
  /** Reads only: starts nothing, and answers even when nothing runs. */
  observe(): Promise<EnvironmentState>;
  /** Moves a release in, blue-green. Idempotent; safe to call again after a crash of the caller. */
  deploy(request: DeployRequest): Promise<DeployOutcome>;
  /** Records `stopped`, then ends router, slots and keeper. Idempotent. */
  stop(): Promise<Pick<StopAnswer, "wasRunning" | "endedPids" | "notes">>;
  /** Deployments that wait for a person, newest first, whether or not somebody waits along with them. Reads only. */
  waiting(): Promise<readonly WaitingDeployment[]>;
  /** Keeps a person's answer to one of them, and resolves to the answer that stands; whoever waits notices by itself. */
  answer(
    deploymentId: string,
    given: Pick<ApprovalRecord, "answer" | "by" | "why" | "how">,
  ): Promise<Result<ApprovalRecord, readonly Problem[]>>;
  /** Ends the deployments that a run left waiting, because the run was given up. Idempotent. */
  withdraw(runId: string, why: string): Promise<readonly Problem[]>;
  /** What `deploy` would do with this request, as far as can be told without doing it. Touches nothing. */
  rehearse(request: DeployRequest): Promise<Rehearsal>;
  /** Which release a rollback goes to: the one that was live before, or what `to` names. ROLLBACK_IMPOSSIBLE when there is none. */
  chooseRollback(to: string | undefined): Promise<Result<RollbackChoice, Problem>>;
  /** The manifest of a release that was deployed here; null when nothing is kept of it any more. */
  readRelease(digest: string): Promise<ReleaseManifest | null>;
  /** Newest first. */
  history(limit: number): Promise<readonly DeploymentRecord[]>;
}

export interface EnvironmentState {
  /** `absent`: never deployed. `stopped`: by `down`. `unhealthy`: should run, and does not answer. */
  readonly status: "absent" | "stopped" | "running" | "unhealthy";
  /** Where requests go, e.g. `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly live: {
    readonly deploymentId: string;
    readonly releaseId: string;
    readonly digest: string;
    readonly slot: "blue" | "green";
  } | null;
  readonly keeper: { readonly pid: number; readonly startTime: string } | null;
  /** `requestCount`: handed on since the router started, to all deployments. */
  readonly router: { readonly pid: number; readonly inFlightCount: number; readonly requestCount: number } | null;
  /** Left out or null: it speaks no TLS, or nobody can tell. */
  readonly certificate?: TargetCertificate | null;
  readonly slots: readonly {
    readonly slot: "blue" | "green";
    readonly releaseId: string;
    readonly pid: number | null;
    readonly port: number;
    readonly isReady: boolean;
    readonly restartCount: number;
    /** It ends again and again before it has worked for a while. */
    readonly isCrashLooping: boolean;
    /** How it ended last; null when it never did. */
    readonly lastExit: string | null;
    /** Null where no limit is set. */
    readonly memoryBytes: number | null;
    readonly deploymentId: string;
    /** It was stopped to make room for another release, and may be started again. */
    readonly isParked?: boolean;
    /** It has no traffic and is kept for a rollback until then, ISO 8601, UTC; null: it is not. */
    readonly warmUntil: string | null;
  }[];
}

export interface DeployRequest {
  readonly manifest: ReleaseManifest;
  readonly digest: string;
  readonly releaseId: string;
  /** Absolute path of the local file that holds a blob of the release. */
  blobPath(digest: string): string;
  /** Called before the files are needed: brings those here that `blobPath` names and that are elsewhere. */
  bringFiles?(): Promise<void>;
  /** Null: no approval needed. */
  readonly approval: ApprovalPolicy | null;
  /**
   * `rollback`: the release served here before. While it still runs it only gets the traffic back; otherwise it is started anew.
   * It does not wait for a deployment that is under way, and what it replaces is not kept running. Left out: a deployment.
   */
  readonly kind?: DeploymentRecord["kind"];
  /** Left out: no gates of its own, and the usual policy for baking. */
  readonly gates?: DeployGates;
  /** Variable → value that the service gets besides its configuration. Left out: what it has is not looked at. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Takes secrets out of text that is kept. */
  mask?(text: string): string;
  /** The commit that the release was made from; left out or null: unknown. */
  readonly commit?: string | null;
  readonly who: string;
  readonly why: string;
  /** Empty when no run asks for it but a person. */
  readonly runId: string;
  readonly signal: AbortSignal;
  /** Called on each state entered. */
  onTransition(transition: Transition): void;
  log(line: string): void;
}

export interface ApprovalPolicy {
  /** Milliseconds that a deployment waits, and that a grant holds; null: for ever. */
  readonly expiresAfterMs: number | null;
  /** Asks a person, when there is something to deploy and nobody has answered yet. Ends by itself after an abort. */
  ask(question: ApprovalQuestion): Promise<DeployApproval>;
}

/** A deployment that waits, as whoever asks a person sees it. */
export interface ApprovalQuestion {
  readonly environment: string;
  readonly deploymentId: string;
  /** ISO 8601, UTC; null: never. */
  readonly expiresAt: string | null;
  /** What was answered before; null: nothing that counts. */
  standing(): Promise<DeployApproval | null>;
  /** Resolves when another process has answered, or to `waiting` when the time is over; rejects when aborted. */
  answeredElsewhere(signal: AbortSignal): Promise<DeployApproval>;
  /** Keeps an answer; resolves to the one that stands, which is another when somebody was faster. */
  record(answer: DeployApproval): Promise<DeployApproval>;
}

export type DeployApproval =
  | { readonly kind: "granted"; readonly by: string; readonly why: string; readonly how: ApprovalMeans }
  | { readonly kind: "rejected"; readonly by: string; readonly why: string; readonly how: ApprovalMeans }
  /** Nobody can be asked here. */
  | { readonly kind: "waiting" };

export interface WaitingDeployment {
  readonly deployment: DeploymentRecord;
  /** ISO 8601, UTC; null: never. */
  readonly expiresAt: string | null;
  /** What was answered already and not yet acted upon. */
  readonly answer: ApprovalRecord | null;
}

export type DeploymentStateName =
  | "queued"
  | "locked"
  | "preflight"
  | "awaiting-approval"
  | "stopping-blue"
  | "starting-green"
  | "health"
  | "smoke"
  | "replay"
  | "switching"
  | "baking"
  | "draining"
  | "warm-blue"
  | "retiring"
  | "succeeded"
  | "aborting"
  | "aborted"
  | "rolling-back"
  | "rolled-back"
  | "needs-human";

export interface Transition {
  readonly state: DeploymentStateName;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly why: string;
}

export interface DeploymentRecord {
  readonly id: string;
  readonly kind: "deployment" | "rollback";
  readonly environment: string;
  readonly releaseId: string;
  readonly digest: string;
  readonly previousReleaseId: string | null;
  readonly slot: "blue" | "green";
  readonly epoch: number;
  readonly who: string;
  readonly why: string;
  readonly runId: string;
  /** The commit that the release was made from; left out or null: unknown. */
  readonly commit?: string | null;
  /** Set once it waits for a person. */
  readonly approvalWait: ApprovalWait | null;
  readonly approval: { readonly by: string; readonly why: string; readonly how: string; readonly at: string } | null;
  /** Set once the environment was stopped while this one was live; ISO 8601, UTC. */
  readonly stoppedAt?: string;
  /** What the gates around the switch found out. */
  readonly gates: GateRecord;
  readonly transitions: readonly Transition[];
}

export interface DeployOutcome {
  readonly kind:
    | "deployed"
    | "already"
    | "waiting"
    | "rejected"
    | "aborted"
    | "rolled-back"
    | "needs-human"
    | "cancelled";
  readonly why: string;
  /** For `already` the deployment that is live. */
  readonly deployment: DeploymentRecord;
  readonly problems: readonly Problem[];
}
