import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { ownProgram } from "../../base/own-files.ts";
import type { Problem } from "../../base/problem.ts";
import { endAbandonedContainers } from "../containers/end-containers.ts";
import { scratchFolder } from "../files/scratch-folder.ts";
import { modulePath } from "../manifests/module-path.ts";
import { runtimeVariables } from "../runtimes/step-runtime.ts";
import { toolFolderOf } from "../tools/tool-folders.ts";
import type { FunctionRequest } from "./function-runner.ts";
import type { FunctionResult } from "./function-step.ts";
import { readFunctionAnswer } from "./read-answer.ts";
import type { Attempt } from "./run-step.ts";
import { stepEnvironment } from "./step-environment.ts";
import { runStepProcess, type StepExit } from "./step-process.ts";

export interface StartedTask {
  readonly exit: StepExit;
  /** What a function step says about the files that its outputs speak of. */
  readonly references: NonNullable<FunctionResult["references"]>;
  /** What a function step threw. */
  readonly problems: readonly Problem[];
}

/** Runs the task's process to its end. */
export async function startTask(attempt: Attempt): Promise<StartedTask> {
  const { step } = attempt;
  const { context } = attempt.run;
  for (const path of Object.values(step.outputs)) makeFolder(dirname(join(context.projectFolder, path)));
  const common = {
    folder: context.projectFolder,
    env: stepEnvironment({
      projectFolder: context.projectFolder,
      repositoryFolder: context.repositoryFolder,
      toolFolder: toolFolderOf(step),
      declared: step.env,
      variables: step.variables,
      secrets: step.secrets,
      secretValues: context.secrets,
      from: context.environmentVariables,
    }),
    logPath: attempt.logPath,
    mask: context.masking.isActive ? () => context.masking.merged() : null,
    // What is left of the deadline is reckoned by a clock that nobody sets.
    deadlineMs: Number.POSITIVE_INFINITY,
    timeoutMs: attempt.endsAt - performance.now(),
    graceMs: context.graceMs,
    signal: attempt.signal,
  };
  Object.assign(common.env, await runtimeVariables(step, context));
  if (step.action.kind === "command") {
    const [file, args] = shellCall(step.action.command);
    return { exit: await runStepProcess({ ...common, file, args }), references: [], problems: [] };
  }
  const scratch = join(scratchFolder(context.stateFolder), randomUUID());
  mkdirSync(scratch, { recursive: true });
  try {
    const [request, result] = [join(scratch, "request.json"), join(scratch, "result.json")];
    writeFileSync(request, JSON.stringify(requestOf(attempt)));
    const args = [fileURLToPath(ownProgram("engine/steps/function-runner")), request, result];
    const exit = await runStepProcess({ ...common, file: process.execPath, args });
    try {
      return { exit, ...readFunctionAnswer(readFileSync(result, "utf8"), step.name) };
    } catch (error) {
      // Without an answer it did not come to its end, and its exit says how.
      if (exit.ending === "exited" && exit.exitCode === 0) throw error;
      return { exit, references: [], problems: [] };
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    // A step that was killed could not remove what runs beside it.
    await endAbandonedContainers(context.stateFolder);
  }
}

/** A command that a person wrote in the definition is a shell line; nothing foreign is put into it. */
function shellCall(command: string): [string, readonly string[]] {
  return process.platform === "win32" ? ["cmd.exe", ["/d", "/s", "/c", command]] : ["/bin/sh", ["-c", command]];
}

function requestOf({ step, needs, run }: Attempt): FunctionRequest {
  const { context } = run;
  if (step.action.kind !== "function") throw new Error(`${step.name} is not a function step`);
  const { projectFolder: folder, stateFolder, plan } = context;
  return {
    module: pathToFileURL(modulePath(step.action.module, folder)).href,
    export: step.action.export,
    args: step.action.args,
    context: {
      project: { name: plan.project, folder, stateFolder },
      run: { id: run.runId, step: step.name },
      needs: Object.fromEntries(
        Object.entries(needs).map(([alias, need]) => [
          alias,
          { step: need.step, outputs: absolutePaths(folder, need.outputs) },
        ]),
      ),
      outputs: absolutePaths(folder, step.outputs),
    },
  };
}

function absolutePaths(folder: string, outputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([name, path]) => [name, join(folder, path)]));
}

/** A place that can't be made is the step's own failure to write, with the system's message in its log. */
function makeFolder(folder: string): void {
  if (folder.includes("*")) return;
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    // Told when the output is missing.
  }
}
