import { systemClock } from "../../base/system-clock.ts";
import type { EffectContext } from "../../engine/steps/effect.ts";
import { connectEnvironment } from "../environments/connect-environment.ts";

/** How many requests the environment's router has handed on since it started; null when it can't tell. */
export async function countRequests(context: EffectContext, environment: string): Promise<number | null> {
  const definition = context.environments[environment];
  if (definition === undefined) return null;
  const connected = await connectEnvironment({
    name: environment,
    definition,
    projectFolder: context.project.folder,
    stateFolder: context.project.stateFolder,
    clock: systemClock,
  });
  return (await connected.observe()).router?.requestCount ?? null;
}

/** The share of requests between two counts that were not ours, 0–1; 0 when that can't be told. */
export function foreignShare(before: number | null, after: number | null, ownCount: number): number {
  if (before === null || after === null || after <= before) return 0;
  return Math.max(0, after - before - ownCount) / (after - before);
}
