import type { Json } from "../base/json.ts";
import type { EVIDENCE_FORMATS } from "./evidence-formats.ts";
import type { BakingDefinition, HealthDefinition, RecordDefinition, ReplayDefinition } from "./gates-definition.ts";
import type { QualityPolicy } from "./quality-definition.ts";
import type { RetentionPolicy } from "./retention-definition.ts";
import type { RuntimeRequest } from "./runtime-definition.ts";
import type { ToolDescriptor } from "./tool-definition.ts";

/** What a person writes in `greenlight.config.ts`. The constructors in `define.ts` fill the defaults. */
export interface ProjectDefinition {
  readonly kind: "project";
  readonly name: string;
  readonly environments: Readonly<Record<string, EnvironmentDefinition>>;
  readonly pipelines: Readonly<Record<string, PipelineDefinition>>;
  /** By the name under which steps see them. */
  readonly secrets: Readonly<Record<string, EnvironmentSecret>>;
  /** Shared with other machines; null: everything stays in the project's state folder. */
  readonly store: StoreDescriptor | null;
  /** Who is told of deployments; null: nobody. */
  readonly codeHost: CodeHostDescriptor | null;
  /** How findings and coverage are judged; null: errors fail, warnings warn. */
  readonly quality: QualityPolicy | null;
  /** What `greenlight clean` leaves; null: the usual. */
  readonly retention: RetentionPolicy | null;
}

/** Where a secret's value comes from. It never stands in a definition, a manifest or a record. */
export type SecretSource =
  /** A variable of the process, or else of the project's `.env` file; `variable` is the secret's name when left out. */
  | { readonly from: "environment"; readonly variable?: string }
  /** A file relative to the project; one trailing newline is dropped. */
  | { readonly from: "file"; readonly path: string }
  /** A program and its arguments, run without a shell in the project's folder; one trailing newline is dropped. */
  | { readonly from: "command"; readonly command: readonly string[] };

/** A store that several machines share. Plain data; `module` is imported only when a run needs it. */
export interface StoreDescriptor {
  readonly kind: string;
  /** A package specifier whose module exports `openObjectStore` (see `engine/object-store.ts`). */
  readonly module: string;
  readonly options: { readonly [name: string]: Json };
  /** Ed25519, base64 SPKI. Entries that were not signed with its private key are not believed. */
  readonly publicKey: string;
}

/** A host of code that shows deployments. Plain data; `module` is imported only when there is something to tell. */
export interface CodeHostDescriptor {
  readonly kind: string;
  /** A package specifier whose module exports `openNoticeChannel` (see `app/outbox/notice-channel.ts`). */
  readonly module: string;
  readonly options: { readonly [name: string]: Json };
}

export interface EnvironmentDefinition {
  readonly target: TargetDescriptor;
  /** Branches whose runs deploy here. */
  readonly branches: readonly string[];
  /** Set: a deployment waits for a person before green is started. */
  readonly approval?: { readonly expiresAfter?: string };
  /** Environment variables of the service, none of them secret; part of the release. */
  readonly configuration?: Readonly<Record<string, string>>;
  /** By the variable that the service sees. Taken from their sources when it is deployed; no part of the release. */
  readonly secrets?: Readonly<Record<string, EnvironmentSecret>>;
  /** When a new release counts as started, as far as it differs from the usual. */
  readonly health?: HealthDefinition;
  /** Requests that the router records, to be replayed; left out: none. */
  readonly record?: RecordDefinition;
  /** Golden replay before a release gets traffic; left out: none. */
  readonly replay?: ReplayDefinition;
  /** By what a release that has the traffic is judged, as far as it differs from the usual. */
  readonly baking?: BakingDefinition;
}

/** `isOptional`: where it is set nowhere, the service is started without it. */
export type EnvironmentSecret = SecretSource & { readonly isOptional?: boolean };

/** Where an environment lives. Plain data; `module` is imported only when the environment is touched. */
export interface TargetDescriptor {
  readonly kind: string;
  /** A package specifier whose module exports `connect` (see `deployment/target.ts`). */
  readonly module: string;
  /** True: runs on this machine, so `up` and `down` may touch it unasked. */
  readonly isLocal: boolean;
  readonly options: { readonly [name: string]: Json };
}

export type Trigger =
  | { readonly kind: "push"; readonly branches: readonly string[] }
  | { readonly kind: "pull-request"; readonly branches: readonly string[] }
  | { readonly kind: "schedule"; readonly cron: string };

export interface PipelineDefinition {
  readonly kind: "pipeline";
  readonly on: readonly Trigger[];
  /** Stages run in the order in which they are written; their steps side by side. */
  readonly stages: Readonly<Record<string, readonly StepEntry[]>>;
  /** Run last, whatever the outcome. */
  readonly finally: readonly StepEntry[];
  /** What a second run of the same group does; null: it is refused while the project is held. */
  readonly concurrency: ConcurrencyGroup | null;
}

export interface ConcurrencyGroup {
  /** Runs with the same name exclude each other; `{branch}` and `{pipeline}` stand for those of the run. */
  readonly group: string;
  readonly whenBusy: "queue" | "cancel-older";
}

/** Toolkits return several steps at once, so lists may be nested. */
export type StepEntry = StepDefinition | readonly StepEntry[];

export interface StepDefinition {
  readonly kind: "step";
  readonly name: string;
  readonly action: StepAction;
  /** By alias. A step value, or the name of a step of the same pipeline. */
  readonly needs: Readonly<Record<string, StepDefinition | string>>;
  /** Globs relative to the project; null: undeclared, so the step is never cached. */
  readonly inputs: readonly string[] | null;
  /** Name → path or glob relative to the project. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of environment variables that the step may see; their values are part of its manifest. */
  readonly env: readonly string[];
  /** Variables with fixed values; part of the manifest. */
  readonly variables: Readonly<Record<string, string>>;
  /** Names of the project's secrets that the step sees as variables. Their values are no part of its manifest. */
  readonly secrets: readonly string[];
  /** Which locked packages count as input: those that run in production, all of them, or none. */
  readonly packages: PackageScope;
  readonly evidence: readonly EvidenceSource[];
  /** For all attempts together, from the first start; kept over a resume. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy | null;
  readonly matrix: Matrix | null;
  /** Decided when the run is planned; a step whose condition does not hold falls away. */
  readonly when: Condition | null;
  /** What must have become of its needs and of earlier stages. */
  readonly after: "success" | "failure" | "always";
  /** True: a failure is told as `warned` and stops nothing. */
  readonly allowFailure: boolean;
  /** Steps with the same lock never run at the same time on one machine. */
  readonly lock: string | null;
  /** The environment that an effect is about; it falls away when a run does not deploy there. */
  readonly environment: string | null;
  /** True: fails with SOURCE_CHANGED when a file that an earlier step took as input has changed since. */
  readonly isSealing: boolean;
  /** The tool that its command runs; null: a command that is known by its exit status alone. */
  readonly tool: ToolDescriptor | null;
  /** How long a kept result may be taken, in milliseconds: what it says depends on the world outside, too. Null: for ever. */
  readonly validForMs: number | null;
  /** The version of its interpreter that its command runs with; null: whichever PATH has. */
  readonly runtime: RuntimeRequest | null;
  /** True: it prepares the machine (an environment of Python), and a part of a run on another machine does so again for what needs it. */
  readonly isPerMachine: boolean;
}

/** Further attempts after an outcome that may pass by itself. */
export interface RetryPolicy {
  /** All attempts, the first one too: 2–20. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; multiplied by `factor` before each further one, up to `maxDelayMs`. */
  readonly delayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly on: readonly ("failed" | "errored" | "timed-out")[];
  /** Milliseconds for one attempt; null: only the step's own deadline. */
  readonly attemptTimeoutMs: number | null;
}

export type MatrixValue = string | number | boolean;

/**
 * Combinations of values, as GitHub Actions defines them: all of `axes` without those that match an `exclude`, then each
 * `include` extends the combinations that it does not contradict, or stands for itself. A value is the variable
 * `MATRIX_NAME` of the step, and `{matrix.name}` in its inputs, outputs, evidence paths and arguments.
 */
export interface Matrix {
  readonly axes: Readonly<Record<string, readonly MatrixValue[]>>;
  readonly include: readonly Readonly<Record<string, MatrixValue>>[];
  readonly exclude: readonly Readonly<Record<string, MatrixValue>>[];
  /** True: the first failure cancels the other combinations. */
  readonly failFast: boolean;
  readonly maxParallel: number | null;
}

/** A claim about what started the run. */
export type Condition =
  /** The run's branch matches one of these; `*` stands for any text without a slash, `**` for any text. */
  | { readonly kind: "branch"; readonly patterns: readonly string[] }
  | { readonly kind: "event"; readonly events: readonly ("manual" | "push" | "pull-request" | "schedule")[] }
  | { readonly kind: "not"; readonly condition: Condition }
  | { readonly kind: "all"; readonly conditions: readonly Condition[] }
  | { readonly kind: "any"; readonly conditions: readonly Condition[] };

/** A list names packages; what they depend on counts too. */
export type PackageScope = "none" | "production" | "all" | readonly string[];

export type StepAction =
  /** A task: a shell line, run in the project's folder. */
  | { readonly kind: "command"; readonly command: string }
  /** A task: an export of a module, called with JSON in a process of its own. */
  | FunctionAction
  /** Touches the world: observes first, never cached. */
  | EffectAction;

export interface FunctionAction {
  readonly kind: "function";
  /** A package specifier, or a path starting with `./` relative to the project. */
  readonly module: string;
  readonly export: string;
  readonly args: Json;
}

export interface EffectAction {
  readonly kind: "effect";
  readonly module: string;
  readonly export: string;
  readonly args: Json;
}

/** A file in which a step leaves what it proves, and how to read it. */
export interface EvidenceSource {
  readonly format: EvidenceFormat;
  /** Path relative to the project. */
  readonly path: string;
  /** The tool's name in reports. */
  readonly tool: string;
  /** For coverage: lowest line coverage in percent that passes. */
  readonly floorPercent?: number;
  /** Where the tool ran, relative to the project: the paths of its report are relative to it. Left out: the project. */
  readonly folder?: string;
  /** For tests: logs of what they ran against, relative to the project; their ends are shown with tests that failed. */
  readonly logs?: readonly string[];
}

export type EvidenceFormat = (typeof EVIDENCE_FORMATS)[number];
