import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Blueprint, PipelineBlueprint, StepBlueprint } from "./blueprint.ts";
import { checkGraph, type LocatedStep } from "./check-graph.ts";
import { checkStep } from "./check-step.ts";
import type { EnvironmentDefinition, ProjectDefinition, StepDefinition } from "./definition.ts";
import { projectSchema } from "./project-schema.ts";

/** Validates what a config exported. Reports every problem it can see, not the first. */
export function makeBlueprint(exported: unknown, configPath: string): Result<Blueprint, readonly Problem[]> {
  const parsed = projectSchema.safeParse(exported);
  if (!parsed.success) {
    const isProject = typeof exported === "object" && exported !== null && "kind" in exported;
    return err(
      parsed.error.issues.map((issue) =>
        problem(isProject ? "CONFIG_INVALID" : "CONFIG_NOT_A_PROJECT", {
          place: `${configPath}: ${issue.path.length > 0 ? issue.path.join(".") : "default export"}`,
          message: issue.message,
        }),
      ),
    );
  }
  const project = exported as ProjectDefinition;
  const problems: Problem[] = [...checkPorts(project.environments)];
  const pipelines: Record<string, PipelineBlueprint> = {};
  for (const name of Object.keys(project.pipelines)) {
    const made = makePipeline(project, name);
    problems.push(...made.problems);
    pipelines[name] = made.pipeline;
  }
  if (problems.length > 0) return err(problems);
  return ok({
    schema: 1,
    name: project.name,
    environments: project.environments,
    pipelines,
    secrets: project.secrets,
    store: project.store,
  });
}

function makePipeline(
  project: ProjectDefinition,
  name: string,
): { readonly pipeline: PipelineBlueprint; readonly problems: readonly Problem[] } {
  const definition = project.pipelines[name];
  if (definition === undefined) throw new Error(`no pipeline ${name}`);
  const place = `pipelines.${name}`;
  const problems: Problem[] = [];
  const groups = [
    ...Object.entries(definition.stages).map(([stage, entries]) => ({ stage, entries, isFinally: false })),
    { stage: "finally", entries: definition.finally, isFinally: true },
  ];
  const located: LocatedStep[] = [];
  for (const [index, group] of groups.entries()) {
    for (const entry of flatten(group.entries)) {
      const where = `${place}.${group.isFinally ? "finally" : `stages.${group.stage}`}`;
      const checked = checkStep(entry, where, project.environments);
      problems.push(...checked.problems);
      if (checked.step !== null)
        located.push({ step: checked.step, stageIndex: index, place: `${where}["${checked.step.name}"]` });
    }
  }
  if (located.length === 0 && problems.length === 0) {
    problems.push(problem("PIPELINE_EMPTY", { place, message: "has no steps" }));
  }
  const graph = checkGraph(located);
  problems.push(...graph.problems);
  const stages = groups.map((group, index) => ({
    name: group.stage,
    steps: graph.order.filter((each) => each.stageIndex === index).map((each) => toBlueprint(each.step)),
  }));
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

function toBlueprint(step: StepDefinition): StepBlueprint {
  const { kind: _kind, needs, ...rest } = step;
  return {
    ...rest,
    needs: Object.fromEntries(
      Object.entries(needs).map(([alias, need]) => [alias, typeof need === "string" ? need : need.name]),
    ),
  };
}

function flatten(entries: readonly unknown[]): unknown[] {
  return entries.flatMap((entry) => (Array.isArray(entry) ? flatten(entry) : [entry]));
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
