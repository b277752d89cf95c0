import { NO_MASKING, type Masking } from "../../engine/masking.ts";
import type { Plan } from "../../pipeline/plan.ts";

export interface PreparedSecrets {
  /** Name → value of the secrets that steps of the plan name. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly masking: Masking;
}

export async function prepareSecrets(
  _plan: Plan,
  _options: {
    readonly projectFolder: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal: AbortSignal;
  },
): Promise<PreparedSecrets> {
  return { secrets: new Map(), masking: NO_MASKING };
}
