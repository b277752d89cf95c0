import { problem, type Problem } from "../base/problem.ts";
import type { EnvironmentDefinition, StepDefinition } from "./definition.ts";
import { stepSchema } from "./project-schema.ts";

/** Checks one entry of a stage by itself. `step` is null when it is too broken to be placed in a graph. */
export function checkStep(
  entry: unknown,
  place: string,
  environments: Readonly<Record<string, EnvironmentDefinition>>,
): { readonly step: StepDefinition | null; readonly problems: readonly Problem[] } {
  if (typeof entry !== "object" || entry === null || !("kind" in entry)) {
    const got = entry === undefined ? "undefined" : typeof entry;
    return { step: null, problems: [problem("CONFIG_INVALID", { place, message: `expected a step, got ${got}` })] };
  }
  const name = "name" in entry && typeof entry.name === "string" ? entry.name : "?";
  const here = `${place}["${name}"]`;
  const closure = findClosure(entry);
  if (closure !== null) {
    return {
      step: null,
      problems: [problem("STEP_CLOSURE", { place: `${here}.${closure}`, message: "is a function of the config file" })],
    };
  }
  const parsed = stepSchema.safeParse(entry);
  if (!parsed.success) {
    return {
      step: null,
      problems: parsed.error.issues.map((issue) =>
        issue.path[0] === "action" && issue.path.length <= 2
          ? problem("STEP_NO_ACTION", { place: here, message: `has no usable action: ${issue.message}` })
          : problem("CONFIG_INVALID", { place: `${here}.${issue.path.join(".")}`, message: issue.message }),
      ),
    };
  }
  const step = entry as StepDefinition;
  return {
    step,
    problems: [...checkName(step, here), ...checkPaths(step, here), ...checkEnvironment(step, here, environments)],
  };
}

function checkName(step: StepDefinition, place: string): Problem[] {
  // Control characters could rewrite the terminal line that shows the name.
  if (/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,100}$/u.test(step.name) && step.name.trim() === step.name) return [];
  return [
    problem("STEP_NAME_INVALID", { place, message: "the name is empty, too long, padded or holds control characters" }),
  ];
}

function checkPaths(step: StepDefinition, place: string): Problem[] {
  const problems: Problem[] = [];
  for (const [name, path] of Object.entries(step.outputs)) {
    if (isOutside(path) || /^(\.\/)?(\*|\.?$)/u.test(path)) {
      problems.push(
        problem("STEP_OUTPUT_OUTSIDE", {
          place: `${place}.outputs.${name}`,
          message: `"${path}" is not a path of its own below the project's folder`,
        }),
      );
    }
  }
  for (const glob of step.inputs ?? []) {
    if (isAbsolute(glob)) {
      problems.push(
        problem("STEP_INPUT_OUTSIDE", { place: `${place}.inputs`, message: `"${glob}" is an absolute path` }),
      );
    }
  }
  return problems;
}

function checkEnvironment(
  step: StepDefinition,
  place: string,
  environments: Readonly<Record<string, EnvironmentDefinition>>,
): Problem[] {
  if (step.environment === null || Object.hasOwn(environments, step.environment)) return [];
  return [
    problem("ENVIRONMENT_UNKNOWN", {
      place,
      message: `there is no environment "${step.environment}"; known: ${Object.keys(environments).join(", ") || "none"}`,
    }),
  ];
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || path.startsWith("\\") || /^[A-Za-z]:/u.test(path);
}

function isOutside(path: string): boolean {
  return isAbsolute(path) || path.split(/[/\\]/u).includes("..");
}

/** The path of a function inside a step, which could not be written down; null when it is plain data. */
function findClosure(value: unknown, path = "", depth = 0): string | null {
  if (typeof value === "function") return path;
  if (typeof value !== "object" || value === null || depth > 8) return null;
  for (const [key, member] of Object.entries(value)) {
    if (depth === 0 && key === "needs") continue;
    const found = findClosure(member, path === "" ? key : `${path}.${key}`, depth + 1);
    if (found !== null) return found;
  }
  return null;
}
