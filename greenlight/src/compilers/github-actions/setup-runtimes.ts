import type { StepBlueprint } from "../../pipeline/blueprint.ts";
import { combinationsOf } from "../../pipeline/combinations.ts";
import type { Matrix } from "../../pipeline/definition.ts";
import type { RuntimeRequest } from "../../pipeline/runtime-definition.ts";
import { SETUP_NODE, SETUP_PYTHON } from "./actions.ts";
import { literal } from "./expression.ts";
import type { ActionStep, CommandStep } from "./workflow.ts";

export interface RuntimeNeeds {
  /** The steps that the job runs. */
  readonly own: readonly StepBlueprint[];
  /** All of the pipeline. */
  readonly all: readonly StepBlueprint[];
  /** The job's matrix: of its one step. */
  readonly matrix: Matrix | null;
  /** The version of Node that every job has. */
  readonly node: string;
}

/**
 * What a job sets up before its packages: the versions of Node and Python that its steps want, and those that what they need
 * wants, whose results would not hold on a machine without; and managers of Python that no runner brings. A version that
 * can't be had fails no job here: Greenlight looks for it and tells what it comes to.
 */
export function setupRuntimes(wanted: RuntimeNeeds): readonly (ActionStep | CommandStep)[] {
  const steps = [...wanted.own, ...neededBy(wanted)];
  const versions = (name: RuntimeRequest["name"]): readonly string[] => [
    ...new Set(
      steps.flatMap((step) => (step.runtime?.name === name ? versionsOf(step, step.runtime, wanted.matrix) : [])),
    ),
  ];
  const managers = new Set(steps.flatMap((step) => (step.isPerMachine ? [step.tool?.program ?? ""] : [])));
  return [
    ...versions("python").map((version) => setUp("Python", version, { "python-version": version })),
    // The job's own Node is set up behind these, and so goes before them on PATH.
    ...versions("node")
      .filter((version) => version !== wanted.node)
      .map((version) => setUp("Node", version, { "node-version": version, "package-manager-cache": false })),
    ...Object.entries(BY_PIPX).flatMap(([program, requirement]) =>
      managers.has(program) ? [installManager(program, requirement)] : [],
    ),
  ];
}

/** Steps that prepare the machine for the job's own, which run in it too. */
export function preparingSteps(wanted: Pick<RuntimeNeeds, "own" | "all">): readonly StepBlueprint[] {
  return neededBy(wanted).filter((step) => step.isPerMachine);
}

/** What pipx, which GitHub's machines have, brings of what they don't. */
const BY_PIPX = { uv: "uv==0.13.9", poetry: "poetry==2.5.1" } as const;

function setUp(what: "Node" | "Python", version: string, inputs: ActionStep["with"]): ActionStep {
  const uses = what === "Node" ? SETUP_NODE : SETUP_PYTHON;
  return { name: `Set up ${what} ${version}`, "continue-on-error": true, uses, with: inputs };
}

function installManager(program: string, requirement: string): CommandStep {
  return { name: `Install ${program}`, run: `pipx install ${requirement}`, env: {}, "working-directory": null };
}

/** What the job's steps need, at first hand or through others, besides themselves. */
function neededBy({ own, all }: Pick<RuntimeNeeds, "own" | "all">): readonly StepBlueprint[] {
  const byName = new Map(all.map((step) => [step.name, step] as const));
  const found = new Set<StepBlueprint>(own);
  // A set that grows while it is walked through is walked through to its end.
  for (const step of found) {
    for (const name of Object.values(step.needs)) {
      const need = byName.get(name);
      if (need !== undefined) found.add(need);
    }
  }
  return [...found].filter((step) => !own.includes(step));
}

/** A version, or the expression that stands for that of the job's combination. */
function versionsOf(step: StepBlueprint, { name, version }: RuntimeRequest, job: Matrix | null): readonly string[] {
  if (version !== undefined) return [literal(version)];
  const values = valuesOf(step.matrix, name);
  const own = valuesOf(job, name);
  // Of a step that prepares the machine a combination needs the one with its own values.
  const isOwn = step.matrix === job || (step.isPerMachine && own.every((value) => values.includes(value)));
  if (job !== null && own.length > 0 && isOwn) return [`\${{ matrix.${name} }}`];
  return values.map(literal);
}

function valuesOf(matrix: Matrix | null, axis: string): readonly string[] {
  if (matrix === null) return [];
  return [
    ...new Set(
      combinationsOf(matrix).flatMap(({ values }) => (values[axis] === undefined ? [] : [String(values[axis])])),
    ),
  ];
}
