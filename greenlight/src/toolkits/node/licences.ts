import { functionStep } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { commonOptions, toolFolder, type ToolOptions } from "../tool-folder.ts";

export interface LicencesOptions extends ToolOptions {
  /** Whose lock file names the packages; `npm` when left out. The step finds any of them, but is cached for the named one only. */
  readonly manager?: "npm" | "pnpm" | "yarn";
  /** SPDX ids that are fine: `MIT`, `Apache-2.0`, `GPL-2.0-only WITH Classpath-exception-2.0`; any when left out. */
  readonly allow?: readonly string[];
  /** SPDX ids that are not, whatever else is allowed; `GPL-*` stands for all that begin so. */
  readonly deny?: readonly string[];
  /** Which packages of the lock count; `production` when left out. */
  readonly packages?: "production" | "all";
  /** Name → the licence of a package that does not tell it, or tells it wrongly, as read by a person. */
  readonly known?: Readonly<Record<string, string>>;
}

/** What besides the packages of a `package-lock.json` decides which are asked for. */
const LOCKS = { npm: ["package-lock.json"], pnpm: ["pnpm-lock.yaml"], yarn: ["yarn.lock", "**/package.json"] } as const;

/**
 * The licences of the installed packages, as their `package.json` tells them, against two lists. One that nobody knows
 * is a warning, one that is not allowed an error; where a locked package is not installed, the answer is inconclusive. Beside the
 * lock file of a monorepo the packages of all workspaces count, in the folder of a workspace its own.
 */
export function licences(options: LicencesOptions): StepDefinition {
  const folder = toolFolder(options.folder);
  const report = folder.report("licences-report.sarif");
  const { allow = null, deny = [], packages = "production", known = {}, manager = "npm" } = options;
  return functionStep(options.name ?? folder.stepName("licences"), {
    module: "greenlight/functions/licences",
    export: "licences",
    args: {
      folder: folder.path,
      allow: allow === null ? null : [...allow],
      deny: [...deny],
      packages,
      known: { ...known },
    },
    inputs: options.inputs ?? folder.inputs(["package.json", ...LOCKS[manager]]),
    ...(manager === "npm" ? { packages } : {}),
    outputs: { report },
    evidence: [{ format: "sarif", path: report, tool: "licences", ...folder.evidence }],
    ...commonOptions(options),
  });
}
