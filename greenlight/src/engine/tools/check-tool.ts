import { dirname } from "node:path";

import { problem, type Problem } from "../../base/problem.ts";
import type { ToolDescriptor } from "../../pipeline/tool-definition.ts";
import type { EngineContext } from "../engine-context.ts";
import { interpreterOf } from "../runtimes/step-runtime.ts";
import type { Attempt } from "../steps/run-step.ts";
import { toolFacts } from "./tool-facts.ts";

/** What keeps the step's tool from being started: it is missing, or of a version whose reports are not understood. */
export async function checkTool({ step, run }: Pick<Attempt, "step" | "run">): Promise<readonly Problem[]> {
  const { tool, name: place } = step;
  const facts = await toolFacts(step, run.context satisfies EngineContext);
  if (tool === null || facts === null) return [];
  if (facts.program === null) {
    const where = tool.package?.ecosystem === "pypi" ? ".venv, venv or PATH" : "node_modules/.bin or PATH";
    const interpreter = tool.package?.ecosystem === "pypi" ? await interpreterOf(step, run.context) : null;
    const message =
      interpreter === null
        ? `${tool.name} is not installed: there is no program "${tool.program}" in ${where}`
        : `${tool.name} is not installed in the environment of its version, ${dirname(dirname(interpreter))}`;
    return [problem("TOOL_MISSING", { place, message, remedy: tool.install })];
  }
  const { version } = facts;
  if (version === null || tool.versions === null || (await isWithin(version, tool))) return [];
  const message = `${tool.name} ${version} is installed; the reports of ${tool.versions} are understood`;
  return [problem("TOOL_VERSION", { place, message, remedy: tool.install })];
}

/** Versions of Python's form (PEP 440) are held against the range by their release: `24.1rc1` and `24.1.post2` as 24.1.0. */
async function isWithin(version: string, tool: ToolDescriptor): Promise<boolean> {
  const { default: semver } = await import("semver");
  const plain = tool.package?.ecosystem === "pypi" ? version.replace(/^\d+!/u, "") : version;
  const known = semver.valid(plain) === null || tool.package?.ecosystem === "pypi" ? semver.coerce(plain) : plain;
  return known === null || semver.satisfies(known, tool.versions ?? "*", { includePrerelease: true });
}
