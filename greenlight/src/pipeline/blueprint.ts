import type {
  CodeHostDescriptor,
  ConcurrencyGroup,
  EnvironmentDefinition,
  EnvironmentSecret,
  StepDefinition,
  StoreDescriptor,
  Trigger,
} from "./definition.ts";
import type { QualityPolicy } from "./quality-definition.ts";
import type { RetentionPolicy } from "./retention-definition.ts";

/** The definition validated and made plain data: JSON in, the same JSON out. Compilers and `plan` read it. */
export interface Blueprint {
  readonly schema: 1;
  readonly name: string;
  readonly environments: Readonly<Record<string, EnvironmentDefinition>>;
  readonly pipelines: Readonly<Record<string, PipelineBlueprint>>;
  readonly secrets: Readonly<Record<string, EnvironmentSecret>>;
  readonly store: StoreDescriptor | null;
  readonly codeHost: CodeHostDescriptor | null;
  readonly quality: QualityPolicy | null;
  readonly retention: RetentionPolicy | null;
}

export interface PipelineBlueprint {
  readonly name: string;
  readonly on: readonly Trigger[];
  readonly stages: readonly StageBlueprint[];
  readonly finally: readonly StepBlueprint[];
  readonly concurrency: ConcurrencyGroup | null;
}

export interface StageBlueprint {
  readonly name: string;
  readonly steps: readonly StepBlueprint[];
}

/** A step whose needs are names; everything else is as it was defined. */
export interface StepBlueprint extends Omit<StepDefinition, "kind" | "needs"> {
  readonly needs: Readonly<Record<string, string>>;
}
