import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import { NO_MASKING, type Masking } from "../../engine/steps/masking.ts";
import { isMaskable } from "../../masking/secret-texts.ts";
import type { Plan, PlannedStep } from "../../pipeline/plan.ts";
import { resolveEnvironmentSecrets, type ServiceSecrets } from "./environment-secrets.ts";

export interface PreparedSecrets {
  /** Name → value of the secrets that steps of the plan name. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Those of the environments that steps of the plan are about. */
  readonly environmentSecrets: ReadonlyMap<string, ServiceSecrets>;
  readonly masking: Masking;
}

/**
 * The secrets that steps of the plan name, those of the environments that they are about, and what masks them. Throws a
 * ProblemError with everything that is wrong with them, so that nothing is begun that could not be deployed; status 130
 * when `signal` ended it.
 */
export async function prepareSecrets(
  plan: Plan,
  options: {
    readonly projectFolder: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal: AbortSignal;
  },
): Promise<PreparedSecrets> {
  const steps = [...plan.stages.flatMap((stage) => stage.steps), ...plan.finally];
  const names = new Set(steps.flatMap((step) => step.secrets));
  const own = [...ownSecrets(plan, options.env), ...shownSecrets(plan, steps, options.env)];
  const touched = new Set(steps.map((step) => step.environment));
  const environments = Object.entries(plan.environments).filter(([name]) => touched.has(name));
  const ofEnvironments = await resolveEnvironmentSecrets(Object.fromEntries(environments), options);
  const areNone = names.size === 0 && own.length === 0 && ofEnvironments.values.size === 0;
  if (areNone) return { secrets: new Map(), environmentSecrets: new Map(), masking: NO_MASKING };
  // Most runs have no secrets, and need not wait for this code to load.
  const { resolveSecrets } = await import("./resolve-secrets.ts");
  const { values, problems: ofSteps } = await resolveSecrets({ ...options, secrets: plan.secrets, names });
  const problems = [...ofSteps, ...ofEnvironments.problems];
  if (problems.length > 0) throw new ProblemError(problems, options.signal.aborted ? { exitCode: 130 } : {});
  const { Masker } = await import("../../masking/masker.ts");
  const all = [...values, ...[...ofEnvironments.values.values()].flatMap((each) => Object.entries(each))];
  const named = [...all.map(([name, value]) => ({ name, value })), ...own];
  const masking = new Masker(named);
  const secretNames = namesThatHoldSecrets(plan, named, masking);
  if (secretNames.length > 0) throw new ProblemError(secretNames);
  return { secrets: values, environmentSecrets: ofEnvironments.values, masking };
}

interface Named {
  readonly name: string;
  readonly value: string;
}

/**
 * The record knows things by their names: with one that is masked nobody could tell what it is about, and a log's file bears
 * its step's name.
 */
function namesThatHoldSecrets(plan: Plan, secrets: readonly Named[], masking: Masking): readonly Problem[] {
  const names = [
    ["project", plan.project],
    ["pipeline", plan.pipeline],
    ...[...plan.stages].flatMap((stage) => [["stage", stage.name], ...stage.steps.map((step) => ["step", step.name])]),
    ...plan.finally.map((step) => ["step", step.name]),
    ...Object.keys(plan.environments).map((name) => ["environment", name]),
  ];
  return names.flatMap(([what = "", name = ""]) => {
    const shown = masking.text(name);
    if (shown === name) return [];
    const found = new Set(secrets.filter(({ value }) => name.includes(value.trim())).map((secret) => secret.name));
    const message = `the name of this ${what} holds ${found.size === 0 ? "a secret" : [...found].join(", ")}`;
    return [problem("SECRET_IN_NAME", { place: shown, message })];
  });
}

/**
 * Declared secrets that no step is given as such, while one sees the variable that holds them. Too short ones can't be masked,
 * and were not asked for as secrets.
 */
function shownSecrets(
  plan: Plan,
  steps: readonly PlannedStep[],
  env: Readonly<Record<string, string | undefined>>,
): readonly Named[] {
  const shown = new Set(steps.flatMap((step) => step.env));
  return Object.entries(plan.secrets).flatMap(([name, source]) => {
    const variable = source.from === "environment" ? (source.variable ?? name) : null;
    const value = variable === null || !shown.has(variable) ? undefined : env[variable];
    return value !== undefined && isMaskable(value) ? [{ name, value }] : [];
  });
}

/** What opens the shared store. No step is given it, but one that reads the engine's environment must not show it. */
const STORE_SECRETS = ["GREENLIGHT_STORE_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/** What opens the code host. */
const CODE_HOST_SECRETS = ["GITHUB_TOKEN"];

function ownSecrets(plan: Plan, env: Readonly<Record<string, string | undefined>>): readonly Named[] {
  const known = [...(plan.store === null ? [] : STORE_SECRETS), ...(plan.codeHost === null ? [] : CODE_HOST_SECRETS)];
  return known.flatMap((name) => {
    const value = env[name] ?? "";
    return isMaskable(value) ? [{ name, value }] : [];
  });
}
