import type { StepDefinition } from "../../pipeline/definition.ts";
import { matrix } from "../../pipeline/matrix.ts";
import { RUNTIME_VERSION, type RuntimeRequest } from "../../pipeline/runtime-definition.ts";
import { perVersion } from "./per-version.ts";

export interface Versions {
  readonly runtime: RuntimeRequest["name"];
  /** `[22, 24, 26]`, or `["3.9", "3.10"]`: numbers would make 3.1 of 3.10. */
  readonly versions: readonly (number | string)[];
  /** What a version comes to that is not on the machine; `warn` when left out. */
  readonly whenMissing?: "warn" | "fail";
  /** How many run at once; all that the machine takes when left out. */
  readonly maxParallel?: number;
}

/**
 * The same command step once for each version of its runtime. The versions are looked for when the run comes to them: the
 * project's packages and environments, nvm, fnm, volta, asdf, mise, pyenv, uv, PATH. Reports and outputs get a folder for
 * each version, so the step's command has to name them. A version that is missing is told, and downloads nothing.
 */
export function onVersions(step: StepDefinition, options: Versions): StepDefinition {
  const { runtime, whenMissing } = options;
  const versions = options.versions.map(String);
  const odd = versions.find((version) => !RUNTIME_VERSION.test(version));
  if (odd !== undefined) throw new RangeError(`"${odd}" is no version of ${runtime}: write 22, "3.11" or "22.3.0"`);
  if (step.action.kind !== "command") throw new RangeError(`"${step.name}" runs no command`);
  const { command, ...placed } = perVersion(step, runtime);
  return {
    ...step,
    ...placed,
    action: { kind: "command", command: `${PREFIX[runtime]}${command}` },
    matrix: matrix({ [runtime]: versions }, { failFast: false, maxParallel: options.maxParallel ?? null }),
    runtime: { name: runtime, ...(whenMissing === undefined ? {} : { whenMissing }) },
  };
}

/** The engine says where the runtime is; coverage.py's data file would be the same for all versions. */
const PREFIX: Readonly<Record<RuntimeRequest["name"], string>> = {
  node: 'PATH="$GREENLIGHT_RUNTIME:$PATH"; export PATH; ',
  python:
    'PATH="$GREENLIGHT_RUNTIME:$PATH"; COVERAGE_FILE=".coverage-python-$MATRIX_PYTHON"; export PATH COVERAGE_FILE; ',
};
