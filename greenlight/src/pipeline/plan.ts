import type { StepBlueprint } from "./blueprint.ts";
import type {
  CodeHostDescriptor,
  ConcurrencyGroup,
  EnvironmentDefinition,
  EnvironmentSecret,
  MatrixValue,
  StoreDescriptor,
} from "./definition.ts";
import type { ToolReports } from "./finding-reports.ts";
import type { QualityPolicy } from "./quality-definition.ts";

/** What started a run. Branch and commit are null outside a git checkout. */
export interface RunTrigger {
  readonly kind: "manual" | "push" | "pull-request" | "schedule";
  readonly branch: string | null;
  readonly commit: string | null;
  /** True when the checkout differs from `commit`. */
  readonly isDirty: boolean;
  readonly who: string;
}

/** `local`: every environment on this machine (`up`). `branch`: those whose branches hold the run's branch. */
export type EnvironmentSelection = "local" | "branch";

/** The blueprint for one trigger: what this run will do, in order. */
export interface Plan {
  readonly project: string;
  readonly pipeline: string;
  readonly trigger: RunTrigger;
  readonly stages: readonly PlannedStage[];
  readonly finally: readonly PlannedStep[];
  /** The environments that this run deploys to. */
  readonly environments: Readonly<Record<string, EnvironmentDefinition>>;
  readonly secrets: Readonly<Record<string, EnvironmentSecret>>;
  readonly store: StoreDescriptor | null;
  readonly codeHost: CodeHostDescriptor | null;
  readonly quality: QualityPolicy | null;
  /** Those of the whole project, whatever the pipeline; see `findingReports`. */
  readonly findingReports: readonly ToolReports[];
  /** With the group's name as it comes to for this run. */
  readonly concurrency: ConcurrencyGroup | null;
  /** Steps that fell away, each with its reason. */
  readonly dropped: readonly { readonly step: string; readonly why: string }[];
}

export interface PlannedStage {
  readonly name: string;
  /** In an order in which every step stands after those it needs. */
  readonly steps: readonly PlannedStep[];
}

/** A step of which everything that depends on the trigger is decided. One combination of a matrix is a step of its own. */
export interface PlannedStep extends Omit<StepBlueprint, "matrix" | "when"> {
  readonly matrix: MatrixCombination | null;
  /** Why it can't run at all (its matrix excludes everything); it is shown as skipped and the run can't pass. */
  readonly skip: string | null;
}

export interface MatrixCombination {
  /** Name of the step as defined; its combinations share `failFast` and `maxParallel`. */
  readonly of: string;
  readonly values: Readonly<Record<string, MatrixValue>>;
  readonly failFast: boolean;
  readonly maxParallel: number | null;
}
