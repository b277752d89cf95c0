import type { Json } from "../../base/json.ts";
import { effectStep, functionStep } from "../../pipeline/define.ts";
import type { EnvironmentDefinition, StepDefinition } from "../../pipeline/definition.ts";
import { NETWORK } from "../python/network.ts";
import type { SmokeCheck } from "./probe-steps.ts";

/**
 * The gate of a model: a task that judges an evaluation against its baselines and writes a registry entry.
 * `model` puts out `model` (a folder), `evaluation` puts out `evaluation` and `predictions` (files); docs/model.md has their formats.
 */
export function modelGate(options: {
  readonly model: StepDefinition;
  readonly evaluation: StepDefinition;
  /** The model's file in its folder; model.json when left out. */
  readonly file?: string;
}): StepDefinition {
  return functionStep("model gate", {
    module: "greenlight/functions/model-gate",
    export: "modelGate",
    needs: { model: options.model, evaluation: options.evaluation },
    outputs: { gate: "out/gate/gate.json", registry: "out/gate/registry.json" },
    evidence: [{ format: "gate-report", path: "out/gate/gate.json", tool: "model gate" }],
    ...(options.file === undefined ? {} : { args: { modelFile: options.file } }),
  });
}

interface CommonBundleOptions {
  readonly needs: Readonly<Record<string, StepDefinition>>;
  /** The service's own files, as globs relative to the project. */
  readonly files: readonly string[];
  readonly readyPath?: string;
  readonly healthPath?: string;
  /** Which output of which need is the model; `file` when the output is a folder. */
  readonly model?: { readonly need: string; readonly output: string; readonly file?: string };
  /** Data set name → the output of a need; its digest becomes part of the release. */
  readonly data?: Readonly<Record<string, { readonly need: string; readonly output: string }>>;
  /** The project's environments: their configuration is part of the release. */
  readonly environments?: Readonly<Record<string, EnvironmentDefinition>>;
}

/** A Node service: its release holds the Node binary and the production packages of the lock file. */
export interface NodeBundleOptions extends CommonBundleOptions {
  readonly runtime?: "node";
  /** The module that starts the service, relative to the project. */
  readonly entry: string;
}

/** A Python service: its release holds the packages that `pythonPackages` unpacked, and is started by the host's Python of their version. */
export interface PythonBundleOptions extends CommonBundleOptions {
  readonly runtime: "python";
  /** The module that starts the service, as `python -m` takes it: "src.serve". */
  readonly module: string;
  /** The alias in `needs` of the `pythonPackages` step. */
  readonly packages: string;
}

export type BundleOptions = NodeBundleOptions | PythonBundleOptions;

/** Bundles a service into a release that starts offline. Fails with SOURCE_CHANGED when checked files changed. */
export function bundle(options: BundleOptions): StepDefinition {
  const environments = Object.entries(options.environments ?? {});
  const made = functionStep("bundle", {
    module: "greenlight/functions/bundle",
    export: "bundle",
    needs: options.needs,
    inputs: options.files,
    packages: options.runtime === "python" ? "none" : "production",
    outputs: { release: "out/release/release.json", report: "out/release/report.json" },
    evidence: [{ format: "release-report", path: "out/release/report.json", tool: "bundle" }],
    args: {
      ...(options.runtime === "python"
        ? { runtime: "python", module: options.module, packages: { need: options.packages, output: "packages" } }
        : { runtime: "node", entry: options.entry }),
      files: options.files,
      readyPath: options.readyPath ?? "/ready",
      healthPath: options.healthPath ?? "/health",
      model: options.model === undefined ? null : { file: null, ...options.model },
      data: { ...options.data },
      configuration: Object.fromEntries(environments.map(([name, each]) => [name, { ...each.configuration }])),
    },
  });
  return { ...made, isSealing: true };
}

/**
 * Unpacks the packages of a lock file with hashes (`pip-compile`, `uv pip compile`) for the Python of the project's `.venv`,
 * or for `python`, or else for `python3`: what `bundle({ runtime: "python" })` ships. Wheels only.
 */
export function pythonPackages(
  options: {
    /** Relative to the project; requirements.txt when left out. */
    readonly requirements?: string;
    /** The interpreter, when it is neither that of `.venv` nor `python3`. */
    readonly python?: string;
    /** What has to be there before, as the step that makes `.venv`. */
    readonly needs?: Readonly<Record<string, StepDefinition>>;
  } = {},
): StepDefinition {
  const requirements = options.requirements ?? "requirements.txt";
  return functionStep("python packages", {
    module: "greenlight/functions/python-packages",
    export: "pythonPackages",
    needs: options.needs ?? {},
    // It names the version and the place of the Python behind the environment.
    inputs: [requirements, ".venv/pyvenv.cfg"],
    env: [...NETWORK, "PIP_CACHE_DIR"],
    outputs: { packages: "out/python-packages" },
    args: { requirements, python: options.python ?? null },
  });
}

/**
 * Moves the release into an environment, blue-green. `smoke` runs against the new release before it gets traffic: one check that
 * fails, and the traffic stays where it is.
 */
export function deploy(
  environment: string,
  options: {
    readonly needs: { readonly release: StepDefinition } & Readonly<Record<string, StepDefinition>>;
    readonly smoke?: readonly SmokeCheck[];
  },
): StepDefinition {
  return effectStep(`deploy ${environment}`, {
    module: "greenlight/effects/deploy",
    export: "deploy",
    args: {
      environment,
      ...(options.smoke === undefined ? {} : { smoke: options.smoke as unknown as Json }),
    },
    environment,
    needs: options.needs,
    // Waiting for a person is bounded by the approval's expiry, not by this: nearly the longest time that a timer can hold.
    timeoutMs: 24 * 24 * 3_600_000,
  });
}
