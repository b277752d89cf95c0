import type { StepBlueprint } from "./blueprint.ts";
import type { EnvironmentDefinition } from "./definition.ts";

/** What started a run. Branch and commit are null outside a git checkout. */
export interface RunTrigger {
  readonly kind: "manual" | "push" | "pull-request" | "schedule";
  readonly branch: string | null;
  readonly commit: string | null;
  /** True when the checkout differs from `commit`. */
  readonly isDirty: boolean;
  readonly who: string;
}

/** The blueprint for one trigger: what this run will do, in order. */
export interface Plan {
  readonly project: string;
  readonly pipeline: string;
  readonly trigger: RunTrigger;
  readonly stages: readonly PlannedStage[];
  readonly finally: readonly StepBlueprint[];
  /** The environments that this run deploys to. */
  readonly environments: Readonly<Record<string, EnvironmentDefinition>>;
  /** Steps that fell away, each with its reason. */
  readonly dropped: readonly { readonly step: string; readonly why: string }[];
}

export interface PlannedStage {
  readonly name: string;
  /** In an order in which every step stands after those it needs. */
  readonly steps: readonly StepBlueprint[];
}
