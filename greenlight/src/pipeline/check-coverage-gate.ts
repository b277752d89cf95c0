import { problem, type Problem } from "../base/problem.ts";
import type { PipelineBlueprint } from "./blueprint.ts";
import type { EvidenceFormat } from "./definition.ts";
import type { QualityPolicy } from "./quality-definition.ts";

const COVERAGE_FORMATS: ReadonlySet<EvidenceFormat> = new Set<EvidenceFormat>([
  "istanbul-json-summary",
  "istanbul-json",
  "lcov",
  "cobertura",
  "coverage-py-json",
]);
const GATE_MODULE = "greenlight/effects/coverage-gate";

/** A floor that nobody judges would be a promise that is not kept: where coverage is measured, something has to. */
export function checkCoverageGate(quality: QualityPolicy | null, pipeline: PipelineBlueprint): readonly Problem[] {
  const { floorPercent, changedLinesPercent } = quality?.coverage ?? {};
  if (floorPercent === undefined && changedLinesPercent === undefined) return [];
  const steps = [...pipeline.stages.flatMap((stage) => stage.steps), ...pipeline.finally];
  const isMeasured = steps.some((step) => step.evidence.some((source) => COVERAGE_FORMATS.has(source.format)));
  const isJudged = steps.some((step) => step.action.kind === "effect" && step.action.module === GATE_MODULE);
  if (!isMeasured || isJudged) return [];
  return [
    problem("CONFIG_INVALID", {
      place: `pipelines.${pipeline.name}`,
      message: "`quality.coverage` sets a floor, and no step of the pipeline judges it",
      remedy: 'add coverageGate() of "greenlight/toolkits" to a stage after the tests',
    }),
  ];
}
