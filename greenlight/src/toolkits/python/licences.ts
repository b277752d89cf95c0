import { functionStep } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import type { LicencesOptions as NodeLicences } from "../node/licences.ts";
import { placeOf } from "./tool-step.ts";

/** As those of `node.licences`, with what of the environment counts. */
export interface LicencesOptions extends Pick<
  NodeLicences,
  "allow" | "deny" | "known" | "folder" | "inputs" | "name" | "needs" | "timeoutMs"
> {
  /** Files of requirements, relative to `folder`: only what these need counts; all of the environment when left out. */
  readonly requirements?: readonly string[];
}

/** As for audits: somebody may have changed the environment by hand. */
const DAY_MS = 24 * 60 * 60_000;

/**
 * The licences of the packages in the project's environment, as their metadata tell them, against two lists. One that nobody
 * knows is a warning, one that is not allowed an error; what is required and not installed makes the answer inconclusive.
 */
export function licences(options: LicencesOptions): StepDefinition {
  const place = placeOf(options.folder);
  const report = place.report("python-licences-report.sarif");
  const { allow = null, deny = [], known = {}, requirements = null, needs, timeoutMs } = options;
  const files = ["*requirements*.txt", "requirements/**", "pyproject.toml", "*.lock", ...(requirements ?? [])];
  return functionStep(options.name ?? place.stepName("python licences"), {
    module: "greenlight/functions/python-licences",
    export: "pythonLicences",
    args: {
      folder: place.folder,
      requirements: requirements === null ? null : [...requirements],
      allow: allow === null ? null : [...allow],
      deny: [...deny],
      known: { ...known },
    },
    inputs: options.inputs ?? place.inputs(files),
    outputs: { report },
    evidence: [{ format: "sarif", path: report, tool: "python licences", ...place.evidenceFolder }],
    validForMs: DAY_MS,
    ...(needs === undefined ? {} : { needs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}
