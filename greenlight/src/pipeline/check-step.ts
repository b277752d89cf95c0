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
  const written = [
    ...Object.entries(step.outputs).map(([name, path]) => [`outputs.${name}`, path] as const),
    ...step.evidence.map((source, index) => [`evidence.${index}`, source.path] as const),
  ];
  for (const [name, path] of written) {
    if (isOutside(path) || isProtected(path) || /^(\.\/)?(\*|\.?$)/u.test(path)) {
      problems.push(
        problem("STEP_OUTPUT_OUTSIDE", {
          place: `${place}.${name}`,
          message: `"${path}" is not a path of its own below the project's folder`,
        }),
      );
    }
  }
  // Outputs are removed before a step runs: an output around the step's own inputs would delete them.
  for (const [name, path] of written) {
    const swallowed = (step.inputs ?? []).find(
      (glob) => !glob.startsWith("!") && isWithin(fixedPart(glob), fixedPart(path)),
    );
    if (swallowed === undefined) continue;
    problems.push(
      problem("STEP_OUTPUT_SHARED", {
        place: `${place}.${name}`,
        message: `"${path}" holds the step's own input "${swallowed}"`,
        remedy: "write outputs to a folder that holds nothing else",
      }),
    );
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

/** What no step may own, because it is removed before the step runs. */
function isProtected(path: string): boolean {
  const [first = ""] = path.replace(/^\.\//u, "").split("/");
  return (
    [".git", ".greenlight", "node_modules", "package.json", "package-lock.json"].includes(first) ||
    first.startsWith("greenlight.config.") ||
    // A wildcard in the first part reaches all over the project.
    first.includes("*")
  );
}

/** The part of a path or glob before its first wildcard, without a trailing slash. */
export function fixedPart(glob: string): string {
  return glob
    .replace(/^\.\//u, "")
    .replace(/[*?{[(!].*$/u, "")
    .replace(/\/+$/u, "");
}

/** True when `path` is `folder` or lies below it; the project's own folder, "", holds only itself here. */
export function isWithin(path: string, folder: string): boolean {
  return folder !== "" && (path === folder || path.startsWith(`${folder}/`));
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
