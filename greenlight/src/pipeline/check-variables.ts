import { problem, type Problem } from "../base/problem.ts";
import type { StepDefinition } from "./definition.ts";

/** Each variable of a step comes from one place, and its secrets are declared by the project. */
export function checkVariables(
  step: StepDefinition,
  place: string,
  secrets: Readonly<Record<string, unknown>>,
): Problem[] {
  const problems: Problem[] = [];
  // Most steps have none, and a project may have thousands of steps.
  if (step.env.length + step.secrets.length === 0) return problems;
  for (const [name, fields] of variableFields(step)) {
    if (fields.length === 1) continue;
    problems.push(
      problem("CONFIG_INVALID", {
        place: `${place}.${fields[1] ?? ""}`,
        message: `"${name}" stands in ${fields.map((field) => `"${field}"`).join(" and in ")}`,
        remedy: "let each variable come from one of them",
      }),
    );
  }
  for (const name of new Set(step.secrets)) {
    if (Object.hasOwn(secrets, name)) continue;
    problems.push(
      problem("SECRET_UNDECLARED", {
        place: `${place}.secrets`,
        message: `the project declares no secret "${name}"; known: ${Object.keys(secrets).join(", ") || "none"}`,
      }),
    );
  }
  return problems;
}

/** The fields of a step in which the name of each of its variables stands. */
export function variableFields(step: StepDefinition): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  const add = (field: string, names: Iterable<string>): void => {
    for (const name of names) {
      const known = fields.get(name);
      if (known === undefined) fields.set(name, [field]);
      else if (!known.includes(field)) known.push(field);
    }
  };
  add("env", step.env);
  add("variables", Object.keys(step.variables));
  add("secrets", step.secrets);
  return fields;
}
