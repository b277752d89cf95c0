import { problem, type Problem } from "../base/problem.ts";
import type { StepDefinition } from "./definition.ts";
import { findHolder, fixedPart, isAbsolute, isSimple, leadsOutside, plainPath } from "./paths.ts";

/** What a step declares about files. */
export type StepPaths = Pick<StepDefinition, "inputs" | "outputs" | "evidence">;

/** A path that a step writes, and the field that says so: `outputs.model`, `evidence.0`. */
export interface WrittenPath {
  readonly path: string;
  readonly list: "outputs" | "evidence";
  readonly key: string | number;
}

/** What no step may own, because outputs are removed before their step runs. */
const PROTECTED = new Set([".git", ".greenlight", "node_modules", "package.json", "package-lock.json"]);

/** Checks the paths of one step by themselves. */
export function checkPaths(step: StepPaths, place: string): Problem[] {
  const problems: Problem[] = [];
  const holders = new Map<string, WrittenPath>();
  for (const output of writtenPaths(step)) {
    holders.set(fixedPart(output.path), output);
    if (isOwnPath(output.path)) continue;
    problems.push(
      problem("STEP_OUTPUT_OUTSIDE", {
        place: `${place}.${fieldOf(output)}`,
        message: `"${output.path}" is not a path of its own below the project's folder`,
      }),
    );
  }
  for (const glob of step.inputs ?? []) {
    if (isAbsolute(glob)) {
      problems.push(
        problem("STEP_INPUT_OUTSIDE", { place: `${place}.inputs`, message: `"${glob}" is an absolute path` }),
      );
    }
    // Outputs are removed before a step runs: one around the step's own inputs would delete them.
    const output = glob.startsWith("!") ? undefined : findHolder(holders, fixedPart(glob), () => true);
    if (output === undefined) continue;
    problems.push(
      problem("STEP_OUTPUT_SHARED", {
        place: `${place}.${fieldOf(output)}`,
        message: `"${output.path}" holds the step's own input "${glob}"`,
        remedy: "write outputs to a folder that holds nothing else",
      }),
    );
  }
  return problems;
}

/** All that a step writes: its outputs and its evidence. */
export function writtenPaths(step: StepPaths): readonly WrittenPath[] {
  const written: WrittenPath[] = [];
  for (const key of Object.keys(step.outputs)) written.push({ path: step.outputs[key] ?? "", list: "outputs", key });
  for (const [key, { path }] of step.evidence.entries()) written.push({ path, list: "evidence", key });
  return written;
}

export function fieldOf({ list, key }: WrittenPath): string {
  return `${list}.${key}`;
}

/** True for a path below the project's folder that is neither all of it nor something that belongs to no step. */
function isOwnPath(path: string): boolean {
  if (isSimple(path)) return !path.startsWith("node_modules/");
  if (leadsOutside(path)) return false;
  const [first = ""] = plainPath(path).split("/", 1);
  // A wildcard in the first part reaches all over the project.
  return first !== "" && first !== "." && !/[*?]/u.test(first) && !isProtected(first);
}

function isProtected(first: string): boolean {
  return PROTECTED.has(first) || first.startsWith("greenlight.config.");
}
