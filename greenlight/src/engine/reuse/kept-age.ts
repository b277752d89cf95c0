import type { PlannedStep } from "../../pipeline/plan.ts";
import type { CacheEntry } from "../blob-store.ts";

/** How far the clocks of two machines may differ, in milliseconds. */
const CLOCK_SLACK_MS = 5 * 60_000;

/** Why a kept result is too old to be taken: what its step says changes with the world outside. Null: it may be. */
export function whyTooOld(
  { validForMs }: Pick<PlannedStep, "validForMs">,
  entry: Pick<CacheEntry, "keptAtMs">,
  nowMs: number,
): string | null {
  if (validForMs === null) return null;
  const holds = `and holds for ${span(validForMs)}`;
  if (entry.keptAtMs === undefined) return `its kept result does not say how old it is, ${holds}`;
  const ageMs = nowMs - entry.keptAtMs;
  if (ageMs > validForMs) return `its kept result is ${span(ageMs)} old, ${holds}`;
  return ageMs < -CLOCK_SLACK_MS ? `its kept result is from the future (${span(-ageMs)}), ${holds}` : null;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** "26 h": in the largest unit of which there are at least two, rounded down. */
function span(ms: number): string {
  for (const [unit, length] of UNITS) if (ms >= 2 * length) return `${Math.floor(ms / length)} ${unit}`;
  return `${Math.floor(ms)} ms`;
}
