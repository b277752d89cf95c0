import type { Blueprint, StepBlueprint } from "../../pipeline/blueprint.ts";
import type { EnvironmentSecret } from "../../pipeline/definition.ts";
import { CHECKOUT, DOWNLOAD_ARTIFACT, SETUP_NODE, UPLOAD_ARTIFACT } from "./actions.ts";
import type { Checkout } from "./checkout.ts";
import { runLine, type RunLine } from "./run-line.ts";
import { setupRuntimes, type RuntimeNeeds } from "./setup-runtimes.ts";
import type { ActionStep, CommandStep, WorkflowStep } from "./workflow.ts";

/** Greenlight needs 24 or newer; the packages bring the very version that runs it. */
const NODE_VERSION = "24";
const HANDOVER = "${{ runner.temp }}/greenlight";
const ARTIFACT_PREFIX = "greenlight-part-";
/** What jobs hand over is of use for as long as a run may be repeated in part. */
const PART_DAYS = 3;
const REPORT_DAYS = 30;
/** Unique among the jobs of a run, the combinations of a matrix, and repetitions. */
const PART = "${{ github.job }}-${{ strategy.job-index }}-${{ github.run_attempt }}";

export interface JobWork {
  readonly line: Omit<RunLine, "pipeline" | "project">;
  readonly hasEarlierJobs: boolean;
  /** Variable → value, beside those that every part gets. */
  readonly env: Readonly<Record<string, string>>;
  readonly keepsReport: boolean;
  /** What its steps run with. */
  readonly needs: Omit<RuntimeNeeds, "node">;
}

/** The steps of a job: check out, install, fetch what earlier jobs left, run the part, keep what it leaves. */
export function jobSteps(work: JobWork, pipeline: string, checkout: Checkout): readonly WorkflowStep[] {
  const folder = checkout.installFolder === "." ? null : checkout.installFolder;
  const install: CommandStep = {
    name: "Install packages",
    run: checkout.install,
    env: {},
    "working-directory": folder,
  };
  const run: CommandStep = {
    name: "Run",
    run: runLine({ ...work.line, pipeline, project: checkout.project }),
    env: {
      // The same for all attempts: a repeated job goes on with the run that its predecessors belong to.
      GREENLIGHT_RUN: "ci-${{ github.run_id }}",
      GREENLIGHT_PART: PART,
      ...(work.line.isMatrix ? { GREENLIGHT_MATRIX: "${{ toJSON(matrix) }}" } : {}),
      ...work.env,
    },
    "working-directory": folder,
  };
  return [
    { name: "Check out", uses: CHECKOUT, with: { "persist-credentials": false } },
    ...setupRuntimes({ ...work.needs, node: NODE_VERSION }),
    {
      name: "Set up Node",
      uses: SETUP_NODE,
      with: {
        "node-version": NODE_VERSION,
        cache: "npm",
        ...(folder === null ? {} : { "cache-dependency-path": `${folder}/package-lock.json` }),
      },
    },
    install,
    ...(work.hasEarlierJobs ? [fetchParts()] : []),
    run,
    keepPart(),
    ...(work.keepsReport ? [keepReport(checkout)] : []),
  ];
}

function fetchParts(): ActionStep {
  return {
    name: "Fetch what earlier jobs left",
    uses: DOWNLOAD_ARTIFACT,
    with: { pattern: `${ARTIFACT_PREFIX}*`, path: `${HANDOVER}/in`, "merge-multiple": true },
  };
}

function keepPart(): ActionStep {
  return {
    name: "Keep what this job leaves",
    if: "always()",
    uses: UPLOAD_ARTIFACT,
    with: {
      name: `${ARTIFACT_PREFIX}${PART}`,
      path: `${HANDOVER}/out`,
      "if-no-files-found": "ignore",
      "retention-days": PART_DAYS,
    },
  };
}

function keepReport(checkout: Checkout): ActionStep {
  const folders = [checkout.installFolder, checkout.project, ".greenlight/reports"].filter((part) => part !== ".");
  return {
    name: "Keep the report",
    if: "always()",
    uses: UPLOAD_ARTIFACT,
    with: {
      name: "greenlight-report-${{ github.run_attempt }}",
      path: folders.join("/"),
      "include-hidden-files": true,
      "if-no-files-found": "ignore",
      "retention-days": REPORT_DAYS,
    },
  };
}

/**
 * The secrets that the steps name, and those of the environments that they are about, as far as they are read from a variable:
 * GitHub keeps them under that name.
 */
export function secretVariables(steps: readonly StepBlueprint[], blueprint: Blueprint): Record<string, string> {
  const touched = new Set(steps.flatMap((step) => step.environment ?? []));
  const wanted = [
    ...steps.flatMap((step) => step.secrets.map((name) => ({ name, source: blueprint.secrets[name] }))),
    ...[...touched].flatMap((name) => Object.entries(blueprint.environments[name]?.secrets ?? {}).map(named)),
  ];
  const variables = wanted.flatMap(({ name, source }) =>
    source?.from === "environment" ? [source.variable ?? name] : [],
  );
  return Object.fromEntries(variables.map((variable) => [variable, `\${{ secrets.${variable} }}`]));
}

function named([name, source]: readonly [string, EnvironmentSecret]): {
  readonly name: string;
  readonly source: EnvironmentSecret;
} {
  return { name, source };
}

/** GitHub ends a job of its own machines after six hours. */
const MAX_MINUTES = 360;
const SETUP_MINUTES = 15;

/** Minutes after which a job is ended: the deadlines of its steps one after another, and time to set up. */
export function timeoutMinutes(steps: readonly StepBlueprint[]): number {
  const totalMs = steps.reduce((sum, step) => sum + step.timeoutMs, 0);
  return Math.min(MAX_MINUTES, SETUP_MINUTES + Math.ceil(totalMs / 60_000));
}
