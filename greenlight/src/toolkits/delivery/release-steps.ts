import type { Json } from "../../base/json.ts";
import { effectStep, functionStep } from "../../pipeline/define.ts";
import type { EnvironmentDefinition, StepDefinition } from "../../pipeline/definition.ts";
import type { SmokeCheck } from "./probe-steps.ts";

/**
 * The gate of a model: a task that judges an evaluation against its baselines and writes a registry entry.
 * `model` puts out `model` (a folder), `evaluation` puts out `evaluation` and `predictions` (files).
 */
export function modelGate(options: {
  readonly model: StepDefinition;
  readonly evaluation: StepDefinition;
}): StepDefinition {
  return functionStep("model gate", {
    module: "greenlight/functions/model-gate",
    export: "modelGate",
    needs: { model: options.model, evaluation: options.evaluation },
    outputs: { gate: "out/gate/gate.json", registry: "out/gate/registry.json" },
    evidence: [{ format: "gate-report", path: "out/gate/gate.json", tool: "model gate" }],
  });
}

export interface BundleOptions {
  readonly needs: Readonly<Record<string, StepDefinition>>;
  /** The service's own files, as globs relative to the project. */
  readonly files: readonly string[];
  /** The module that starts the service, relative to the project. */
  readonly entry: string;
  readonly readyPath?: string;
  readonly healthPath?: string;
  /** Which output of which need is the model; `file` when the output is a folder. */
  readonly model?: { readonly need: string; readonly output: string; readonly file?: string };
  /** Data set name → the output of a need; its digest becomes part of the release. */
  readonly data?: Readonly<Record<string, { readonly need: string; readonly output: string }>>;
  /** The project's environments: their configuration is part of the release. */
  readonly environments?: Readonly<Record<string, EnvironmentDefinition>>;
}

/** Bundles a Node service into a release that starts offline. Fails with SOURCE_CHANGED when checked files changed. */
export function bundle(options: BundleOptions): StepDefinition {
  const environments = Object.entries(options.environments ?? {});
  const made = functionStep("bundle", {
    module: "greenlight/functions/bundle",
    export: "bundle",
    needs: options.needs,
    inputs: options.files,
    packages: "production",
    outputs: { release: "out/release/release.json", report: "out/release/report.json" },
    evidence: [{ format: "release-report", path: "out/release/report.json", tool: "bundle" }],
    args: {
      files: options.files,
      entry: options.entry,
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
