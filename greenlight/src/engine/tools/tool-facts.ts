import { resolve } from "node:path";

import type { PlannedStep } from "../../pipeline/plan.ts";
import { digestIndexed } from "../files/digest-indexed.ts";
import type { ManifestContext } from "../manifests/take-manifest.ts";
import { interpreterOf } from "../runtimes/step-runtime.ts";
import { findProgram } from "./find-program.ts";
import { npmVersionOf } from "./npm-package.ts";
import { normalName, pythonEnvironmentOf, surelyLacks } from "./python-environment.ts";
import { searchPathOf, toolFolderOf } from "./tool-folders.ts";

export interface ToolFacts {
  /** What is installed of it, for the manifest: name → version, or the digest of its file. Never a place on the machine. */
  readonly packages: Readonly<Record<string, string>>;
  /** Of the tool itself; null: not installed, or not to be known without running it. */
  readonly version: string | null;
  /** The program's file; null: there is none. */
  readonly program: string | null;
  /** Why an upgrade of it might go unnoticed; null: it would not. */
  readonly unknown: string | null;
}

const NOT_INSTALLED = "its tool is not installed";

/** What the step's tool is here and now; null when it names none. */
export async function toolFacts(
  step: Pick<PlannedStep, "name" | "tool" | "evidence" | "variables" | "runtime" | "matrix">,
  context: Pick<ManifestContext, "projectFolder" | "repositoryFolder" | "index" | "environmentVariables">,
): Promise<ToolFacts | null> {
  const { tool } = step;
  if (tool === null) return null;
  const { projectFolder, repositoryFolder, environmentVariables: from } = context;
  const path = searchPathOf(step, { projectFolder, repositoryFolder, from });
  // A module of that version's Python; any other program is looked for as always.
  const interpreter = tool.package?.ecosystem === "pypi" ? await interpreterOf(step, context) : null;
  const program =
    interpreter ?? findProgram(tool.program, { path, folder: resolve(projectFolder, toolFolderOf(step)) });
  const label = `${tool.program} (program)`;
  if (program === null)
    return { packages: { [label]: "not installed" }, version: null, program, unknown: NOT_INSTALLED };
  if (tool.package === null) {
    const digest = await digestIndexed(program, context.index);
    return { packages: { [label]: digest }, version: null, program, unknown: null };
  }
  const { ecosystem, name } = tool.package;
  if (interpreter !== null && surelyLacks(interpreter, name))
    return { packages: { [label]: "not installed" }, version: null, program: null, unknown: NOT_INSTALLED };
  const unknown = `the version of ${name} can't be told`;
  if (ecosystem === "npm") {
    const version = npmVersionOf(program, name);
    const packages = version === null ? {} : { [`${name} (installed)`]: version };
    return { packages, version, program, unknown: version === null ? unknown : null };
  }
  const environment = pythonEnvironmentOf(program, name);
  if (environment === null) return { packages: {}, version: null, program, unknown };
  const packages: Record<string, string> = { Python: environment.python };
  for (const [each, version] of environment.distributions) packages[`${each} (Python)`] = version;
  return {
    packages,
    version: environment.distributions.get(normalName(name)) ?? null,
    program,
    unknown: environment.isWhole ? null : "its environment takes packages of the system's Python along",
  };
}
