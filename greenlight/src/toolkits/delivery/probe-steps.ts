import type { Json } from "../../base/json.ts";
import { effectStep } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";

export interface SmokeCheck {
  readonly name: string;
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly body?: Json;
  readonly expect: {
    readonly status: number;
    /** Members that the answer must have, as a subset. */
    readonly json?: { readonly [name: string]: Json };
    /** Member → type, or range of a number. */
    readonly fields?: { readonly [path: string]: Json };
    /** True: the answer must name the deployed release. */
    readonly release?: boolean;
  };
}

/** Calls a deployed service and checks its answers. Done once per deployment. */
export function smokeTests(
  environment: string,
  options: { readonly deployment: StepDefinition; readonly checks: readonly SmokeCheck[] },
): StepDefinition {
  return effectStep(`smoke tests ${environment}`, {
    module: "greenlight/effects/smoke-tests",
    export: "smokeTests",
    environment,
    needs: { deployment: options.deployment },
    args: { environment, checks: options.checks as unknown as Json },
  });
}

export interface BenchmarkRequest {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly body?: Json;
}

/** Measures the response time of a deployed service; with `baseline`, compares it. Done once per deployment. */
export function benchmark(
  environment: string,
  options: {
    readonly deployment: StepDefinition;
    readonly request: BenchmarkRequest;
    /** The step that measured what to compare with. */
    readonly baseline?: StepDefinition;
    /** Steps that must have ended before, because they would disturb the measurement. */
    readonly after?: readonly StepDefinition[];
    readonly name?: string;
    /** New over old median latency from which it counts as a regression. */
    readonly limitRatio?: number;
    /** How long one round of load takes, in milliseconds, 300 when left out: a slow service needs longer ones for an answer in each. */
    readonly roundMs?: number;
  },
): StepDefinition {
  const { deployment, request, baseline } = options;
  return effectStep(options.name ?? `benchmark ${environment}`, {
    module: "greenlight/effects/benchmark",
    export: "benchmark",
    environment,
    needs: { deployment, ...(baseline === undefined ? {} : { baseline }), ...afterNeeds(options.after) },
    args: {
      environment,
      request: { method: request.method ?? "GET", path: request.path, body: request.body ?? null },
      ...(options.limitRatio === undefined ? {} : { limitRatio: options.limitRatio }),
      ...(options.roundMs === undefined ? {} : { roundMs: options.roundMs }),
    },
  });
}

/** Probes every deployed service. */
export function health(options: {
  readonly deployments: Readonly<Record<string, StepDefinition>>;
  readonly after?: readonly StepDefinition[];
}): StepDefinition {
  return effectStep("health", {
    module: "greenlight/effects/health",
    export: "health",
    needs: { ...options.deployments, ...afterNeeds(options.after) },
    args: {},
  });
}

function afterNeeds(steps: readonly StepDefinition[] | undefined): Record<string, StepDefinition> {
  return Object.fromEntries((steps ?? []).map((each, index) => [`after${index + 1}`, each]));
}

/** Writes the run's report. Belongs in `finally`. */
export function report(): StepDefinition {
  return effectStep("report", { module: "greenlight/effects/report", export: "report" });
}

/**
 * Uploads the run's findings to the security tab of the project's code host. Belongs in `finally`; with `report`, the step
 * that writes the report, the log that it wrote is uploaded in full.
 */
export function uploadFindings(options: { readonly report?: StepDefinition } = {}): StepDefinition {
  return effectStep("upload findings", {
    module: "greenlight/effects/upload-findings",
    export: "uploadFindings",
    needs: options.report === undefined ? {} : { report: options.report },
    after: "always",
  });
}
