import { ProblemError } from "../../base/problem.ts";
import { NO_MASKING, type Masking } from "../../engine/masking.ts";
import type { Plan } from "../../pipeline/plan.ts";
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
  const own = ownSecrets(plan, options.env);
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
  const named = all.map(([name, value]) => ({ name, value }));
  return { secrets: values, environmentSecrets: ofEnvironments.values, masking: new Masker([...named, ...own]) };
}

/** What opens the shared store. No step is given it, but one that reads the engine's environment must not show it. */
const STORE_SECRETS = ["GREENLIGHT_STORE_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/** What opens the code host. */
const CODE_HOST_SECRETS = ["GITHUB_TOKEN"];

function ownSecrets(
  plan: Plan,
  env: Readonly<Record<string, string | undefined>>,
): readonly { readonly name: string; readonly value: string }[] {
  const known = [...(plan.store === null ? [] : STORE_SECRETS), ...(plan.codeHost === null ? [] : CODE_HOST_SECRETS)];
  return known.flatMap((name) => {
    const value = env[name] ?? "";
    return value.trim().length >= 8 ? [{ name, value }] : [];
  });
}
