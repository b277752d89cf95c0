import type { StepBlueprint } from "../../pipeline/blueprint.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import { and, not, type Expression } from "./expression.ts";
import { anyOf, atLeast, deploysFrom } from "./job-condition.ts";
import type { JobPart } from "./split-jobs.ts";

/** One job of a part: the same steps, for other branches. Of several, exactly one runs. */
export interface Variant {
  /** The environment that a person has to approve before the job starts. */
  readonly approval: string | null;
  /** Besides what must have become of earlier jobs; null: always. */
  readonly condition: Expression | null;
  /** Those that may have something to do in it. */
  readonly steps: readonly StepBlueprint[];
}

type Environments = Readonly<Record<string, EnvironmentDefinition>>;

/** A job for each environment with an approval, because GitHub asks before a job starts, and one for the rest. */
export function variantsOf(part: JobPart, environments: Environments): readonly Variant[] {
  const approvals = approvalsOf(part, environments);
  const approved = new Set(approvals.flatMap(([, each]) => each.branches));
  const rest = part.steps.filter((step) => !approvals.some(([name]) => name === step.environment));
  const gate = branchesOf(rest, part.steps, environments);
  const left = gate?.filter((branch) => !approved.has(branch)) ?? null;
  const conditions = [
    ...(left === null ? [] : [deploysFrom(left)]),
    ...(gate === null && approved.size > 0 ? [not(deploysFrom([...approved]))] : []),
    ...conditionOf(rest),
  ];
  const base = { approval: null, condition: conditions.length === 0 ? null : and(conditions), steps: rest };
  return [
    ...(left?.length === 0 ? [] : [base]),
    ...approvals.map(([name, { branches }]) => {
      const steps = part.steps.filter((step) => mayRunOn(step, branches, environments));
      return { approval: name, condition: and([deploysFrom(branches), ...conditionOf(steps)]), steps };
    }),
  ];
}

/** What is wrong with environments that would have to be approved before one and the same job. */
export function sharedApprovals(part: JobPart, environments: Environments): readonly string[] {
  const approvals = approvalsOf(part, environments);
  return approvals.flatMap(([name, { branches }], index) =>
    approvals
      .slice(index + 1)
      .filter(([, other]) => other.branches.some((branch) => branches.includes(branch)))
      .map(
        ([other]) =>
          `stage ${part.stages.join(", ")} deploys to "${name}" and "${other}" from one branch, and each wants an approval; a job of GitHub waits for one`,
      ),
  );
}

function approvalsOf(part: JobPart, environments: Environments): readonly (readonly [string, EnvironmentDefinition])[] {
  const own = new Set(part.steps.map((step) => step.environment));
  return Object.entries(environments).filter(([name, each]) => own.has(name) && each.approval !== undefined);
}

/**
 * The branches on which at least one of the steps has something to do; null: on all. An effect that is about nothing
 * but steps that fall away falls away with them, as the planner has it.
 */
function branchesOf(
  steps: readonly StepBlueprint[],
  all: readonly StepBlueprint[],
  environments: Environments,
): readonly string[] | null {
  const branches = new Map<string, readonly string[] | null>();
  const ownBranches = (step: StepBlueprint): readonly string[] | null => {
    if (step.environment !== null) return environments[step.environment]?.branches ?? [];
    const needs = Object.values(step.needs);
    if (step.action.kind !== "effect" || needs.length === 0) return null;
    return union(needs.map((need) => branches.get(need) ?? null));
  };
  for (const step of all) branches.set(step.name, ownBranches(step));
  return union(steps.map((step) => branches.get(step.name) ?? null));
}

function union(parts: readonly (readonly string[] | null)[]): readonly string[] | null {
  const known = parts.filter((part) => part !== null);
  return known.length < parts.length ? null : [...new Set(known.flat())];
}

function conditionOf(steps: readonly StepBlueprint[]): readonly Expression[] {
  const condition = anyOf(steps.map((step) => (step.when === null ? null : atLeast(step.when))));
  // Beyond that a job that finds nothing to do costs less than an expression that nobody can read.
  return condition === null || condition.text.length > 500 ? [] : [condition];
}

function mayRunOn(step: StepBlueprint, branches: readonly string[], environments: Environments): boolean {
  if (step.environment === null) return true;
  return environments[step.environment]?.branches.some((branch) => branches.includes(branch)) ?? false;
}
