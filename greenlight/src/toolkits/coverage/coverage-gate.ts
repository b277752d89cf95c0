import { effectStep } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import type { QualityPolicy } from "../../pipeline/quality-definition.ts";

/**
 * Judges coverage once for the whole run: the reports of all versions, shards and suites are merged, so that a line is
 * covered when any of them covered it. What is left out is taken from the project's `quality.coverage`.
 */
export function coverageGate(
  options: NonNullable<QualityPolicy["coverage"]> & {
    /** The steps whose coverage counts; left out: all that ended before it. */
    readonly of?: readonly StepDefinition[];
    readonly name?: string;
  } = {},
): StepDefinition {
  const { of = [], name = "coverage", ...limits } = options;
  return effectStep(name, {
    module: "greenlight/effects/coverage-gate",
    export: "coverageGate",
    needs: Object.fromEntries(of.map((each, index) => [`report${index + 1}`, each])),
    args: { ...limits },
  });
}
