import { problem, type Problem } from "../../base/problem.ts";
import type { Blueprint, PipelineBlueprint } from "../../pipeline/blueprint.ts";
import { combinationsOf } from "../../pipeline/combinations.ts";
import { secretVariables } from "./job-steps.ts";

/** GitHub's "Actions limits": jobs that one matrix may make in a workflow run. */
const MAX_MATRIX_JOBS = 256;
/** GitHub's "Actions limits": a larger workflow file starts no runs. */
export const MAX_WORKFLOW_BYTES = 500 * 1000;

/** What GitHub would refuse. */
export function checkLimits(blueprint: Blueprint, pipeline: PipelineBlueprint): readonly Problem[] {
  const place = `pipelines.${pipeline.name}`;
  return [
    ...pipeline.stages.flatMap((stage) => (stage.name === "finally" ? [confusing(`${place}.stages.finally`)] : [])),
    ...checkMatrices(pipeline, place),
    ...checkSchedules(pipeline, place),
    ...checkSecrets(blueprint, pipeline, place),
  ];
}

function confusing(place: string): Problem {
  const message = "a stage of this name can't be told from what runs last";
  return problem("COMPILE_UNSUPPORTED", { place, message, remedy: "give the stage another name" });
}

function checkMatrices(pipeline: PipelineBlueprint, place: string): readonly Problem[] {
  return pipeline.stages.flatMap((stage) =>
    stage.steps.flatMap((step) => {
      const count = step.matrix === null ? 0 : combinationsOf(step.matrix).length;
      if (count <= MAX_MATRIX_JOBS) return [];
      const message = `makes ${count} jobs; GitHub runs at most ${MAX_MATRIX_JOBS} of one matrix`;
      return [
        problem("COMPILE_MATRIX_TOO_LARGE", { place: `${place}.stages.${stage.name}["${step.name}"].matrix`, message }),
      ];
    }),
  );
}

function checkSchedules(pipeline: PipelineBlueprint, place: string): readonly Problem[] {
  return pipeline.on.flatMap((trigger) => {
    if (trigger.kind !== "schedule" || /^\S+( \S+){4}$/u.test(trigger.cron)) return [];
    const message = `"${trigger.cron}" is not minute, hour, day, month and weekday, with one space between`;
    return [problem("COMPILE_UNSUPPORTED", { place: `${place}.on`, message, remedy: "write five fields" })];
  });
}

function checkSecrets(blueprint: Blueprint, pipeline: PipelineBlueprint, place: string): readonly Problem[] {
  const steps = [...pipeline.stages.flatMap((stage) => stage.steps), ...pipeline.finally];
  return Object.keys(secretVariables(steps, blueprint)).flatMap((name) => {
    const isPossible = /^[A-Za-z_]\w*$/u.test(name) && (!/^GITHUB_/iu.test(name) || name === "GITHUB_TOKEN");
    if (isPossible) return [];
    const message = `GitHub keeps no secret of the name ${name}`;
    const remedy =
      "read the secret from a variable of letters, digits and underscores that does not start with GITHUB_";
    return [problem("COMPILE_UNSUPPORTED", { place, message, remedy })];
  });
}
