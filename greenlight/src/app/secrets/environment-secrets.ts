import { ProblemError, type Problem } from "../../base/problem.ts";
import { NO_MASKING, type Masking } from "../../engine/steps/masking.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";

/** Variable → value, as a service gets it. */
export type ServiceSecrets = Readonly<Record<string, string>>;

interface Surroundings {
  /** Absolute. */
  readonly projectFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export interface EnvironmentSecrets {
  /** By environment; one without secrets is left out. */
  readonly values: ReadonlyMap<string, ServiceSecrets>;
  /** What is wrong in any of them: SECRET_MISSING, SECRET_TOO_SHORT, SECRET_UNREADABLE. */
  readonly problems: readonly Problem[];
}

/** Reads the secrets of environments from their sources, and tells all that is wrong at once. An optional one that is set nowhere is left out. */
export async function resolveEnvironmentSecrets(
  environments: Readonly<Record<string, EnvironmentDefinition>>,
  around: Surroundings,
): Promise<EnvironmentSecrets> {
  const values = new Map<string, ServiceSecrets>();
  const problems: Problem[] = [];
  for (const [name, { secrets = {} }] of Object.entries(environments)) {
    const names = Object.keys(secrets);
    if (names.length === 0) continue;
    // Most projects have none, and need not wait for this code to load.
    const { resolveSecrets } = await import("./resolve-secrets.ts");
    const resolved = await resolveSecrets({ ...around, secrets, names, place: `environments.${name}.secrets` });
    problems.push(...resolved.problems);
    values.set(name, Object.fromEntries(resolved.values));
  }
  return { values, problems };
}

/**
 * For a command that deploys outside of a run: the secrets of one environment, and what takes them out of all that is
 * written. Throws a ProblemError with everything that is wrong.
 */
export async function openEnvironmentSecrets(
  name: string,
  definition: EnvironmentDefinition,
  around: Surroundings,
): Promise<{ readonly secrets: ServiceSecrets; readonly masking: Masking }> {
  const { values, problems } = await resolveEnvironmentSecrets({ [name]: definition }, around);
  if (problems.length > 0) throw new ProblemError(problems, around.signal.aborted ? { exitCode: 130 } : {});
  const secrets = values.get(name) ?? {};
  const named = Object.entries(secrets).map(([variable, value]) => ({ name: variable, value }));
  if (named.length === 0) return { secrets, masking: NO_MASKING };
  const { Masker } = await import("../../masking/masker.ts");
  return { secrets, masking: new Masker(named) };
}
