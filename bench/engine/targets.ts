import { median } from "../measure/measure-process.ts";
import type { Result, Rounds } from "./rounds.ts";
import { medianOf } from "./table.ts";

/** Largest processor time of a cold run, as a multiple of the floor's. */
const MAX_COLD_RATIO = 2;

/** One line a target: PASS, MISS, or why it can't be told. */
export function judgeTargets({ results, bareNode }: Rounds): string[] {
  const find = (name: string): Result | undefined =>
    results.find((each) => each.contender.name === name && each.wrong === null);
  const [floor, greenlight] = [find("floor"), find("greenlight")];
  const nodeMs = median(bareNode.map((each) => each.cpuMs));
  const coldFloor = medianOf(floor, "cold", "cpuMs");
  const lines = [
    judge(`cold, CPU ≤ ${MAX_COLD_RATIO.toFixed(1)} × the floor's`, {
      actual: medianOf(greenlight, "cold", "cpuMs"),
      limit: MAX_COLD_RATIO * coldFloor,
      per: { name: "floor", ms: coldFloor },
    }),
  ];
  for (const name of ["turbo", "turbo-packages", "turbo-installed"]) {
    for (const situation of ["unchanged", "restore"] as const) {
      const wall = medianOf(find(name), situation, "wallMs");
      const cpu = medianOf(find(name), situation, "cpuMs");
      lines.push(
        judge(`${situation}, wall ≤ ${name}'s`, {
          actual: medianOf(greenlight, situation, "wallMs"),
          limit: wall,
          per: { name, ms: wall },
        }),
        judge(`${situation}, CPU ≤ ${name}'s + a bare Node start`, {
          actual: medianOf(greenlight, situation, "cpuMs"),
          limit: cpu + nodeMs,
          per: { name, ms: cpu },
        }),
      );
    }
  }
  return lines;
}

function judge(
  what: string,
  { actual, limit, per }: { actual: number; limit: number; per: { name: string; ms: number } },
): string {
  if (!Number.isFinite(actual) || !Number.isFinite(limit)) return `not judged: ${what}: not everything was measured`;
  const ratio = (actual / per.ms).toFixed(2);
  return `${actual <= limit ? "PASS" : "MISS"}: ${what}: ${seconds(actual)}, at most ${seconds(limit)} (${ratio} × ${per.name})`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
