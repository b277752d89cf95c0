import type { Json } from "../base/json.ts";
import type {
  CodeHostDescriptor,
  ConcurrencyGroup,
  Condition,
  EnvironmentDefinition,
  EnvironmentSecret,
  EvidenceSource,
  Matrix,
  PackageScope,
  PipelineDefinition,
  ProjectDefinition,
  RetryPolicy,
  StepAction,
  StepDefinition,
  StepEntry,
  StoreDescriptor,
  Trigger,
} from "./definition.ts";
import { matrix } from "./matrix.ts";
import type { QualityPolicy } from "./quality-definition.ts";
import type { RetentionPolicy } from "./retention-definition.ts";
import type { RuntimeRequest } from "./runtime-definition.ts";
import type { ToolDescriptor } from "./tool-definition.ts";

const TASK_TIMEOUT_MS = 10 * 60_000;
const RETRY: RetryPolicy = {
  attempts: 3,
  delayMs: 1000,
  factor: 2,
  maxDelayMs: 60_000,
  on: ["errored", "timed-out"],
  attemptTimeoutMs: null,
};

/** What every kind of step may say. */
export interface StepOptions {
  readonly needs?: Readonly<Record<string, StepDefinition | string>>;
  /** Globs relative to the project. Left out: the step has undeclared inputs and is never cached. */
  readonly inputs?: readonly string[];
  readonly outputs?: Readonly<Record<string, string>>;
  /** Names of environment variables that the step may see. */
  readonly env?: readonly string[];
  /** Variables with fixed values. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Names of the project's secrets that the step sees as variables. */
  readonly secrets?: readonly string[];
  readonly packages?: PackageScope;
  readonly evidence?: readonly EvidenceSource[];
  /** Milliseconds; ten minutes when left out. */
  readonly timeoutMs?: number;
  /** Further attempts; what is left out: 3 attempts, 1 s before the second, doubled up to 60 s, after `errored` and `timed-out`. */
  readonly retry?: Partial<RetryPolicy>;
  /** `matrix({ node: [22, 24] })`: a step for each combination. */
  readonly matrix?: Partial<Matrix>;
  /** `onBranch("main")`: a step whose condition does not hold falls away. */
  readonly when?: Condition;
  /** What must have become of its needs and of earlier stages; `success` when left out. */
  readonly after?: StepDefinition["after"];
  /** True: a failure counts as `warned` and stops nothing. */
  readonly allowFailure?: boolean;
  /** Steps with the same lock never run at the same time on one machine. */
  readonly lock?: string;
  /** The tool that the command runs: what its exit statuses mean, and what to install when it is missing. */
  readonly tool?: ToolDescriptor;
  /** Milliseconds for which a kept result may be taken; for ever when left out. */
  readonly validForMs?: number;
  /** The version of Node or Python with which the command runs; it finds it in the folder that `GREENLIGHT_RUNTIME` names. */
  readonly runtime?: RuntimeRequest;
  /** True: it prepares the machine, and a part of a run on another machine does so again for what needs it. */
  readonly isPerMachine?: boolean;
}

export interface CommandOptions extends StepOptions {
  /** A shell line, run in the project's folder. */
  readonly run: string;
}

export interface CallOptions extends StepOptions {
  /** A package specifier, or a path starting with `./` relative to the project. */
  readonly module: string;
  readonly export: string;
  readonly args?: Json;
}

export interface EffectOptions extends CallOptions {
  readonly environment?: string;
}

/** A task: a command that turns declared inputs into declared outputs. */
export function step(name: string, options: CommandOptions): StepDefinition {
  return makeStep(name, { kind: "command", command: options.run }, options);
}

/** A task: an export of a module, called with JSON in a process of its own. */
export function functionStep(name: string, options: CallOptions): StepDefinition {
  return makeStep(
    name,
    { kind: "function", module: options.module, export: options.export, args: options.args ?? null },
    options,
  );
}

/** An effect: an export of a module that observes the world first and then changes it. */
export function effectStep(name: string, options: EffectOptions): StepDefinition {
  return makeStep(
    name,
    { kind: "effect", module: options.module, export: options.export, args: options.args ?? null },
    options,
  );
}

function makeStep(name: string, action: StepAction, options: StepOptions & { environment?: string }): StepDefinition {
  return {
    kind: "step",
    name,
    action,
    needs: options.needs ?? {},
    inputs: options.inputs ?? (action.kind === "command" ? null : []),
    outputs: options.outputs ?? {},
    env: options.env ?? [],
    packages: options.packages ?? "none",
    evidence: options.evidence ?? [],
    variables: options.variables ?? {},
    secrets: options.secrets ?? [],
    timeoutMs: options.timeoutMs ?? TASK_TIMEOUT_MS,
    retry: options.retry === undefined ? null : completeRetry(options.retry),
    matrix: options.matrix === undefined ? null : matrix(options.matrix.axes ?? {}, options.matrix),
    when: options.when ?? null,
    after: options.after ?? "success",
    allowFailure: options.allowFailure ?? false,
    lock: options.lock ?? null,
    environment: options.environment ?? null,
    isSealing: false,
    tool: options.tool ?? null,
    validForMs: options.validForMs ?? null,
    runtime: options.runtime ?? null,
    isPerMachine: options.isPerMachine ?? false,
  };
}

function completeRetry(retry: Partial<RetryPolicy>): RetryPolicy {
  // A first delay above the usual limit raises the limit, unless one is given.
  const maxDelayMs = Math.max(RETRY.maxDelayMs, retry.delayMs ?? 0);
  return { ...RETRY, maxDelayMs, ...retry };
}

/** Declares a pipeline: what starts it, its stages in order, and what runs last whatever the outcome. */
export function pipeline(options: {
  readonly on?: readonly Trigger[];
  readonly stages: Readonly<Record<string, readonly StepEntry[]>>;
  readonly finally?: readonly StepEntry[];
  readonly concurrency?: ConcurrencyGroup;
}): PipelineDefinition {
  return {
    kind: "pipeline",
    on: options.on ?? [],
    stages: options.stages,
    finally: options.finally ?? [],
    concurrency: options.concurrency ?? null,
  };
}

export function push(...branches: readonly string[]): Trigger {
  return { kind: "push", branches };
}

export function pullRequest(...branches: readonly string[]): Trigger {
  return { kind: "pull-request", branches };
}

/** `cron` in UTC. */
export function schedule(cron: string): Trigger {
  return { kind: "schedule", cron };
}

/** The default export of `greenlight.config.ts`. Nothing is checked here: every problem is told at once on loading. */
export function defineProject(options: {
  readonly name: string;
  readonly environments?: Readonly<Record<string, EnvironmentDefinition>>;
  readonly pipelines: Readonly<Record<string, PipelineDefinition>>;
  readonly secrets?: Readonly<Record<string, EnvironmentSecret>>;
  readonly store?: StoreDescriptor;
  /** `github()`: who is told of deployments. */
  readonly codeHost?: CodeHostDescriptor;
  readonly quality?: QualityPolicy;
  /** What `greenlight clean` leaves; nothing is removed without that command. */
  readonly retention?: RetentionPolicy;
}): ProjectDefinition {
  return {
    kind: "project",
    name: options.name,
    environments: options.environments ?? {},
    pipelines: options.pipelines,
    secrets: options.secrets ?? {},
    store: options.store ?? null,
    codeHost: options.codeHost ?? null,
    quality: options.quality ?? null,
    retention: options.retention ?? null,
  };
}
