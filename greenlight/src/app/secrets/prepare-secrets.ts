import { ProblemError } from "../../base/problem.ts";
import { NO_MASKING, type Masking } from "../../engine/masking.ts";
import type { Plan } from "../../pipeline/plan.ts";

export interface PreparedSecrets {
  /** Name → value of the secrets that steps of the plan name. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly masking: Masking;
}

/**
 * The secrets that steps of the plan name, and what masks them. Throws a ProblemError with everything that is
 * wrong with them; status 130 when `signal` ended it.
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
  if (names.size === 0 && own.length === 0) return { secrets: new Map(), masking: NO_MASKING };
  // Most runs have no secrets, and need not wait for this code to load.
  const { resolveSecrets } = await import("./resolve-secrets.ts");
  const { values, problems } = await resolveSecrets({ ...options, secrets: plan.secrets, names });
  if (problems.length > 0) throw new ProblemError(problems, options.signal.aborted ? { exitCode: 130 } : {});
  const { Masker } = await import("../../masking/masker.ts");
  const named = [...values].map(([name, value]) => ({ name, value }));
  return { secrets: values, masking: new Masker([...named, ...own]) };
}

/** What opens the shared store. No step is given it, but one that reads the engine's environment must not show it. */
const STORE_SECRETS = ["GREENLIGHT_STORE_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

function ownSecrets(
  plan: Plan,
  env: Readonly<Record<string, string | undefined>>,
): readonly { readonly name: string; readonly value: string }[] {
  if (plan.store === null) return [];
  return STORE_SECRETS.flatMap((name) => {
    const value = env[name] ?? "";
    return value.trim().length >= 8 ? [{ name, value }] : [];
  });
}
