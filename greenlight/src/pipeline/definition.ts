import type { Json } from "../base/json.ts";

/** What a person writes in `greenlight.config.ts`. The constructors in `define.ts` fill the defaults. */
export interface ProjectDefinition {
  readonly kind: "project";
  readonly name: string;
  readonly environments: Readonly<Record<string, EnvironmentDefinition>>;
  readonly pipelines: Readonly<Record<string, PipelineDefinition>>;
}

export interface EnvironmentDefinition {
  readonly target: TargetDescriptor;
  /** Branches whose runs deploy here. */
  readonly branches: readonly string[];
  /** Set: a deployment waits for a person before green is started. */
  readonly approval?: { readonly expiresAfter?: string };
  /** Environment variables of the service, none of them secret; part of the release. */
  readonly configuration?: Readonly<Record<string, string>>;
}

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
  /** Which locked packages count as input: those that run in production, all of them, or none. */
  readonly packages: PackageScope;
  readonly evidence: readonly EvidenceSource[];
  readonly timeoutMs: number;
  /** The environment that an effect is about; it falls away when a run does not deploy there. */
  readonly environment: string | null;
  /** True: fails with SOURCE_CHANGED when a file that an earlier step took as input has changed since. */
  readonly isSealing: boolean;
}

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
}

export type EvidenceFormat =
  | "sarif"
  | "oxfmt-list"
  | "tsc-text"
  | "secretlint-json"
  | "junit"
  | "istanbul-json-summary"
  | "validation-report"
  | "model-evaluation"
  | "gate-report"
  | "release-report";
