import type { Blueprint } from "../../pipeline/blueprint.ts";
import { smokeChecksSchema, type SmokeCheck } from "../probing/smoke-check.ts";

const MODULE = "greenlight/effects/deploy";

/** The smoke checks that the definition's own step gives a deployment into an environment, for one outside of a run. */
export function declaredSmoke(blueprint: Blueprint, environment: string): readonly SmokeCheck[] {
  for (const { stages } of Object.values(blueprint.pipelines)) {
    for (const { action } of stages.flatMap((stage) => stage.steps)) {
      if (action.kind !== "effect" || action.module !== MODULE) continue;
      const args = action.args as { readonly environment?: unknown; readonly smoke?: unknown } | null;
      if (args?.environment !== environment || args.smoke === undefined) continue;
      return smokeChecksSchema.parse(args.smoke);
    }
  }
  return [];
}
