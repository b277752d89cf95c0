import type { Json } from "../../base/json.ts";
import type { Problem } from "../../base/problem.ts";
import type { Evidence } from "../../evidence/evidence.ts";
import type { CodeHostDescriptor, EnvironmentDefinition } from "../../pipeline/definition.ts";
import type { RunTrigger } from "../../pipeline/plan.ts";
import type { QualityPolicy } from "../../pipeline/quality-definition.ts";
import type { ApprovalAnswer, ApprovalRequest } from "../approval.ts";
import type { RunView } from "../run-view.ts";

/**
 * A step that touches the world. It observes first and answers `isAlready` when nothing is to do; calling it
 * again after any crash must be safe. It ends soon after `context.signal` is aborted, leaving nothing of its
 * own running. Expected failures come back as an outcome with problems; only bugs throw.
 */
export type Effect = (args: Json, context: EffectContext) => Promise<EffectResult>;

export interface EffectContext {
  readonly project: {
    readonly name: string;
    readonly folder: string;
    readonly stateFolder: string;
  };
  readonly run: { readonly id: string; readonly pipeline: string; readonly trigger: RunTrigger };
  readonly step: string;
  /** By alias, as the step declares them. */
  readonly needs: Readonly<Record<string, NeedResult>>;
  /** The environments that this run deploys to. */
  readonly environments: Readonly<Record<string, EnvironmentDefinition>>;
  /** Name → value of the secrets that the step names. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Variable → value: what the service of the step's environment gets. */
  readonly environmentSecrets: Readonly<Record<string, string>>;
  /** Who is told of deployments; null: nobody. */
  readonly codeHost: CodeHostDescriptor | null;
  /** How the project judges what its tools say; null: the usual. */
  readonly quality: QualityPolicy | null;
  readonly signal: AbortSignal;
  /** Takes the run's secrets out of text that is kept elsewhere than in the run. */
  mask(text: string): string;
  /** One line into the step's log. */
  log(line: string): void;
  /** Asks the person; see `Approver`. */
  approve(request: ApprovalRequest): Promise<ApprovalAnswer>;
  /** The last pass of this step with the same manifest about `subject`; null when there is none. */
  recall(subject: string): Promise<RecalledEffect | null>;
  /** A local file that holds a blob of the store; null when it is not there. */
  blobPath(digest: string): Promise<string | null>;
  /** Reads the blobs whole and removes those whose content is not their digest's. */
  dropDamagedBlobs(digests: readonly string[]): Promise<void>;
  /** The run so far. */
  view(): RunView;
}

export interface NeedResult {
  readonly step: string;
  /** Output name → absolute path or glob. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly facts: { readonly [name: string]: Json };
  readonly evidence: readonly Evidence[];
}

export interface RecalledEffect {
  readonly runId: string;
  readonly at: string;
  readonly evidence: readonly Evidence[];
  readonly facts: { readonly [name: string]: Json };
}

export interface EffectResult {
  readonly outcome: "passed" | "warned" | "failed" | "errored" | "waiting" | "cancelled";
  readonly isAlready: boolean;
  /** One clause: "production already serves movies-1f2e3d", "p95 2.1 ms, baseline 2.0 ms". */
  readonly why: string;
  readonly problems: readonly Problem[];
  readonly evidence: readonly Evidence[];
  readonly facts: { readonly [name: string]: Json };
  /** What the evidence is about; `recall` finds it by this. Null: never recalled. */
  readonly subject: string | null;
}
