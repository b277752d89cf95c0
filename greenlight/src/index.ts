export {
  effectStep,
  functionStep,
  pipeline,
  pullRequest,
  push,
  schedule,
  step,
  defineProject,
} from "./pipeline/define.ts";
export { allOf, anyOf, not, onBranch, onEvent } from "./pipeline/conditions.ts";
export { matrix } from "./pipeline/matrix.ts";
export { fromCommand, fromEnvironment, fromFile, optional } from "./pipeline/secret-sources.ts";
export type { CallOptions, CommandOptions, EffectOptions, StepOptions } from "./pipeline/define.ts";
export type {
  CodeHostDescriptor,
  Condition,
  EnvironmentDefinition,
  EnvironmentSecret,
  Matrix,
  PipelineDefinition,
  ProjectDefinition,
  RetryPolicy,
  SecretSource,
  StepDefinition,
  TargetDescriptor,
} from "./pipeline/definition.ts";
export type {
  BakingDefinition,
  HealthDefinition,
  RecordDefinition,
  ReplayDefinition,
} from "./pipeline/gates-definition.ts";
export type { FindingPattern, QualityPolicy, QualityRule, Suppression } from "./pipeline/quality-definition.ts";
export type { RetentionPolicy } from "./pipeline/retention-definition.ts";
export type { ToolDescriptor, ToolExit } from "./pipeline/tool-definition.ts";
export type { Effect, EffectContext, EffectResult } from "./engine/steps/effect.ts";
export type { FunctionContext, FunctionResult, FunctionStep } from "./engine/steps/function-step.ts";
export { bundle, deploy, modelGate, pythonPackages } from "./toolkits/delivery/release-steps.ts";
export { benchmark, health, report, smokeTests, uploadFindings } from "./toolkits/delivery/probe-steps.ts";
