import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { digestText } from "../../base/file-digest.ts";
import { problem } from "../../base/problem.ts";
import type { PlannedStep } from "../../pipeline/plan.ts";
import { howToInstall, type FoundRuntime, type RuntimeRequest } from "../../pipeline/runtime-definition.ts";
import type { EngineContext } from "../engine-context.ts";
import { bareVerdict } from "../steps/end-step.ts";
import type { StepVerdict } from "../steps/step-verdict.ts";
import { toolFolderOf } from "../tools/tool-folders.ts";
import { findRuntime } from "./find-runtime.ts";

/** The variable that holds the folder whose `node` or `python` is the wanted one. */
const RUNTIME_FOLDER = "GREENLIGHT_RUNTIME";

type Step = Pick<PlannedStep, "name" | "runtime" | "matrix" | "evidence">;
type Context = Pick<EngineContext, "projectFolder" | "environmentVariables">;

/** What the manifest holds of the step's runtime: its exact version, as a package of that name. */
export async function runtimeFacts(step: Step, context: Context): Promise<Readonly<Record<string, string>>> {
  if (step.runtime === null) return {};
  const found = await runtimeOf(step, step.runtime, context);
  return { [`${step.runtime.name} (runtime)`]: found?.version ?? "not here" };
}

/** How a step ends whose runtime this machine does not have; null when it has it. */
export async function lacksRuntime(step: Step, context: Context): Promise<StepVerdict | null> {
  const { runtime } = step;
  if (runtime === null || (await runtimeOf(step, runtime, context)) !== null) return null;
  const version = versionOf(step, runtime);
  const what = `${runtime.name === "node" ? "Node" : "Python"} ${version}`;
  const message = `not run: ${what} is not on this machine`;
  const remedy = howToInstall(runtime, version);
  const outcome = runtime.whenMissing === "fail" ? "failed" : "warned";
  const problems = [problem("RUNTIME_MISSING", { place: step.name, message, remedy })];
  return bareVerdict({ outcome, why: `${message}; ${remedy}`, problems });
}

/** The variables by which the step's command finds its runtime. */
export async function runtimeVariables(
  step: Step,
  context: Context & Pick<EngineContext, "stateFolder">,
): Promise<Readonly<Record<string, string>>> {
  if (step.runtime === null) return {};
  const found = await runtimeOf(step, step.runtime, context);
  if (found === null) return {};
  const libraries = context.environmentVariables["LD_LIBRARY_PATH"];
  return {
    [RUNTIME_FOLDER]: programFolder(step.runtime.name, found, context.stateFolder),
    // By it the Python of a runner's tool cache finds its own library, wherever that cache lies.
    ...(step.runtime.name === "python" && libraries !== undefined ? { LD_LIBRARY_PATH: libraries } : {}),
  };
}

/** The interpreter with which a step on a version of Python runs its tools, as modules; null for any other step. */
export async function interpreterOf(step: Step, context: Context): Promise<string | null> {
  if (step.runtime?.name !== "python") return null;
  return (await runtimeOf(step, step.runtime, context))?.program ?? null;
}

function runtimeOf(step: Step, runtime: RuntimeRequest, context: Context): Promise<FoundRuntime | null> {
  const { projectFolder, environmentVariables: from } = context;
  const { name, isBare = false } = runtime;
  const search = {
    name,
    version: versionOf(step, runtime),
    isBare,
    projectFolder,
    toolFolder: toolFolderOf(step),
    from,
  };
  return findRuntime(search);
}

function versionOf({ matrix }: Step, { name, version }: RuntimeRequest): string {
  return version ?? String(matrix?.values[name] ?? "");
}

/**
 * A folder that holds the runtime under its usual names and nothing else, so that putting it before PATH changes nothing but
 * the version. With Python come the tools that would otherwise be those of another version: a missing one is an error then.
 */
function programFolder(name: RuntimeRequest["name"], { version, program }: FoundRuntime, stateFolder: string): string {
  const folder = join(stateFolder, "runtimes", `${name}-${version}-${digestText(program).slice(0, 8)}`);
  mkdirSync(folder, { recursive: true });
  const programs =
    name === "node"
      ? { node: "" }
      : {
          python: "",
          python3: "",
          [`python${version.split(".").slice(0, 2).join(".")}`]: "",
          pytest: " -m pytest",
          coverage: " -m coverage",
        };
  for (const [each, words] of Object.entries(programs)) {
    placeProgram(join(folder, each), `#!/bin/sh\nexec '${program.replaceAll("'", `'\\''`)}'${words} "$@"\n`);
  }
  return folder;
}

/** Two runs may do so at once. */
function placeProgram(path: string, text: string): void {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, text);
  chmodSync(own, 0o755);
  renameSync(own, path);
}
