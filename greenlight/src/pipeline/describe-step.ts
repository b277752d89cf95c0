import type { ProblemCode } from "../base/problem-codes.ts";
import { problem, type Problem } from "../base/problem.ts";
import { step } from "./define.ts";
import type { StepDefinition } from "./definition.ts";
import { describeForm } from "./describe-form.ts";
import { isStep, placeOf } from "./step-form.ts";

/** Stands in for what is wrong in a step, so that the rest of it can be checked all the same. */
const NEUTRAL = step("neutral", { run: "true", inputs: [] });

/**
 * What is wrong with the form of an entry that should be a step. `step` is the entry without that, for the sake of
 * all other checks; null when there is nothing to go on with.
 */
export function describeStep(
  entry: unknown,
  stage: string,
): { readonly step: StepDefinition | null; readonly problems: readonly Problem[] } {
  if (typeof entry !== "object" || entry === null || !("kind" in entry)) {
    const got = entry === undefined ? "undefined" : typeof entry;
    return {
      step: null,
      problems: [problem("CONFIG_INVALID", { place: stage, message: `expected a step, got ${got}` })],
    };
  }
  const name = "name" in entry && typeof entry.name === "string" ? entry.name : "?";
  const { problems, fields } = describeForm(entry, "step", {
    place: placeOf(stage, name),
    // The steps that it needs are steps of their own.
    isOpaque: (key, depth) => depth === 0 && key === "needs",
    codeFor: codeForField,
  });
  if (problems.length === 0) return { step: entry as StepDefinition, problems };
  const broken = new Set(fields);
  // Without its matrix nothing fills the placeholders.
  if (broken.has("matrix")) for (const field of ["action", "inputs", "outputs", "evidence"]) broken.add(field);
  const kept = Object.entries(entry).filter(([field]) => Object.hasOwn(NEUTRAL, field) && !broken.has(field));
  const mended: unknown = { ...NEUTRAL, ...Object.fromEntries(kept) };
  return { step: !broken.has("name") && isStep(mended) ? mended : null, problems };
}

function codeForField(path: readonly PropertyKey[]): ProblemCode {
  switch (path[0]) {
    case "action":
      return path.length <= 2 ? "STEP_NO_ACTION" : "CONFIG_INVALID";
    case "retry":
      return "RETRY_INVALID";
    case "matrix":
      return "MATRIX_INVALID";
    case "when":
      return "CONDITION_INVALID";
    default:
      return "CONFIG_INVALID";
  }
}
