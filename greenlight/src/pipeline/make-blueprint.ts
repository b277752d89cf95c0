import type { Json } from "../base/json.ts";
import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Blueprint, PipelineBlueprint, StageBlueprint, StepBlueprint } from "./blueprint.ts";
import { checkCoverageGate } from "./check-coverage-gate.ts";
import { checkEnvironmentSecrets } from "./check-environment-secrets.ts";
import { checkGates } from "./check-gates.ts";
import { checkGraph, type LocatedStep } from "./check-graph.ts";
import { checkStep } from "./check-step.ts";
import type { EnvironmentDefinition, PipelineDefinition, ProjectDefinition, StepDefinition } from "./definition.ts";
import { describeForm } from "./describe-form.ts";
import { isProject } from "./project-form.ts";
import { placeOf } from "./step-form.ts";

/** Validates what a config exported. Reports every problem it can see, not the first. */
export function makeBlueprint(exported: unknown, configPath: string): Result<Blueprint, readonly Problem[]> {
  if (!isProject(exported)) {
    const problems = describeProject(exported, configPath);
    if (problems.length > 0) return err(problems);
  }
  const project = exported as ProjectDefinition;
  const problems: Problem[] = [
    ...checkPorts(project.environments),
    ...checkEnvironmentSecrets(project.environments),
    ...checkGates(project.environments),
  ];
  const pipelines: Record<string, PipelineBlueprint> = {};
  for (const [name, definition] of Object.entries(project.pipelines)) {
    const made = makePipeline(project, name, definition);
    for (const each of made.problems) problems.push(each);
    for (const each of checkCoverageGate(project.quality, made.pipeline)) problems.push(each);
    pipelines[name] = made.pipeline;
  }
  if (problems.length > 0) return err(problems);
  return ok({
    schema: 1,
    name: project.name,
    environments: nameProject(project),
    pipelines,
    secrets: project.secrets,
    store: project.store,
    codeHost: project.codeHost,
    quality: project.quality,
    retention: project.retention,
  });
}

function describeProject(exported: unknown, configPath: string): readonly Problem[] {
  const notOne = (): Problem[] => [
    problem("CONFIG_NOT_A_PROJECT", {
      place: `${configPath}: default export`,
      message: "expected the value of defineProject({ … })",
    }),
  ];
  if (typeof exported !== "object" || exported === null || !("kind" in exported)) return notOne();
  return describeForm(exported, "project", {
    place: `${configPath}: default export`,
    // Steps are checked one by one.
    isOpaque: (key, depth) => depth === 2 && (key === "stages" || key === "finally"),
    codeFor: (path) => (path[0] === "store" && path[1] === "publicKey" ? "STORE_KEY_INVALID" : "CONFIG_INVALID"),
  }).problems;
}

function makePipeline(
  project: ProjectDefinition,
  name: string,
  definition: PipelineDefinition,
): { readonly pipeline: PipelineBlueprint; readonly problems: readonly Problem[] } {
  const place = `pipelines.${name}`;
  const groups = [
    ...Object.entries(definition.stages).map(([stage, entries]) => ({
      name: stage,
      entries,
      where: `${place}.stages.${stage}`,
    })),
    { name: "finally", entries: definition.finally, where: `${place}.finally` },
  ];
  const problems: Problem[] = checkConcurrency(definition, place);
  const located: LocatedStep[] = [];
  const lost = new Set<unknown>();
  for (const [stageIndex, { entries, where }] of groups.entries()) {
    for (const entry of flatten(entries)) {
      const { step, combinations, problems: found } = checkStep(entry, where, project);
      for (const each of found) problems.push(each);
      if (step === null) addLost(entry, lost);
      else located.push({ step, entry, combinations, stageIndex, place: placeOf(where, step.name) });
    }
  }
  if (located.length === 0 && problems.length === 0) {
    problems.push(problem("PIPELINE_EMPTY", { place, message: "has no steps" }));
  }
  const graph = checkGraph(located, lost);
  for (const each of graph.problems) problems.push(each);
  const stages = groups.map((group): StageBlueprint & { steps: StepBlueprint[] } => ({ name: group.name, steps: [] }));
  for (const { step, stageIndex } of graph.order) stages[stageIndex]?.steps.push(toBlueprint(step));
  return {
    pipeline: {
      name,
      on: definition.on,
      stages: stages.slice(0, -1),
      finally: stages.at(-1)?.steps ?? [],
      concurrency: definition.concurrency,
    },
    problems,
  };
}

function addLost(entry: unknown, lost: Set<unknown>): void {
  lost.add(entry);
  if (typeof entry === "object" && entry !== null && "name" in entry) lost.add(entry.name);
}

function checkConcurrency({ concurrency }: PipelineDefinition, place: string): Problem[] {
  const unknown = concurrency?.group.replaceAll(/\{(?:branch|pipeline)\}/gu, "").match(/\{[^}]*\}?|\}/u)?.[0];
  if (unknown === undefined) return [];
  return [
    problem("CONFIG_INVALID", {
      place: `${place}.concurrency.group`,
      message: `"${unknown}" stands for nothing; known: {branch}, {pipeline}`,
    }),
  ];
}

/** Field by field: every step gets the same shape, which is what makes thousands of them cheap. */
function toBlueprint(step: StepDefinition): StepBlueprint {
  return {
    name: step.name,
    action: step.action,
    needs: namesOf(step.needs),
    inputs: step.inputs,
    outputs: step.outputs,
    env: step.env,
    variables: step.variables,
    secrets: step.secrets,
    packages: step.packages,
    evidence: step.evidence,
    timeoutMs: step.timeoutMs,
    retry: step.retry,
    matrix: step.matrix,
    when: step.when,
    after: step.after,
    allowFailure: step.allowFailure,
    lock: step.lock,
    environment: step.environment,
    isSealing: step.isSealing,
    tool: step.tool,
    validForMs: step.validForMs,
    runtime: step.runtime,
    isPerMachine: step.isPerMachine,
  };
}

/** By name as they are, where they are names already: an object with keys of its own is dear to make. */
function namesOf(needs: StepDefinition["needs"]): StepBlueprint["needs"] {
  if (areNames(needs)) return needs;
  return Object.fromEntries(
    Object.entries(needs).map(([alias, need]) => [alias, typeof need === "string" ? need : need.name]),
  );
}

function areNames(needs: StepDefinition["needs"]): needs is Readonly<Record<string, string>> {
  return Object.values(needs).every((need) => typeof need === "string");
}

function flatten(entries: readonly unknown[]): unknown[] {
  return entries.flatMap((entry) => (Array.isArray(entry) ? flatten(entry) : [entry]));
}

/** `{project}` in a target's options stands for the project's name, which a target's function can't know. */
function nameProject({ name, environments }: ProjectDefinition): Blueprint["environments"] {
  const fill = (value: Json): Json => (typeof value === "string" ? value.replaceAll("{project}", name) : value);
  const named = Object.entries(environments).map(([environment, definition]) => {
    const { target } = definition;
    const options = Object.fromEntries(Object.entries(target.options).map(([key, value]) => [key, fill(value)]));
    return [environment, { ...definition, target: { ...target, options } }] as const;
  });
  return Object.fromEntries(named);
}

function checkPorts(environments: Readonly<Record<string, EnvironmentDefinition>>): Problem[] {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, { target }] of Object.entries(environments)) {
    const port = target.options["port"];
    if (!target.isLocal || typeof port !== "number") continue;
    const address = `${JSON.stringify(target.options["host"] ?? "127.0.0.1")}:${port}`;
    const owner = owners.get(address);
    if (owner === undefined) owners.set(address, name);
    else {
      problems.push(
        problem("PORT_SHARED", { place: `environments.${name}`, message: `port ${port} is already that of ${owner}` }),
      );
    }
  }
  return problems;
}
