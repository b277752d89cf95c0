import type { Result } from "./rounds.ts";
import { medianOf } from "./table.ts";
import { WORKLOADS } from "./workload.ts";

/** One line a target: PASS, MISS, or why it can't be told. All of them are about the small GET. */
export function judgeTargets(results: readonly Result[]): string[] {
  const [small] = WORKLOADS;
  const find = (name: string): Result | undefined => results.find((each) => each.name === name && each.wrong === null);
  const rate = (name: string): number => medianOf(find(name), small, "requestsPerS");
  const cpu = (name: string): number => medianOf(find(name), small, "cpuMsPerRequest") * 1000;
  const own = "greenlight";
  return [
    judge("requests/s ≥ 2 × http-proxy's", rate(own) / rate("http-proxy"), 2, "at least"),
    judge("CPU per request ≤ a minimal undici proxy's", cpu(own) / cpu("undici"), 1, "at most"),
    judge("the dream: requests/s ≥ .5 × nginx's", rate(own) / rate("nginx"), 0.5, "at least"),
    judge("the dream: CPU per request ≤ 2 × nginx's", cpu(own) / cpu("nginx"), 2, "at most"),
  ];
}

function judge(what: string, ratio: number, limit: number, bound: "at least" | "at most"): string {
  if (!Number.isFinite(ratio)) return `not judged: ${what}: not everything was measured`;
  const isMet = bound === "at least" ? ratio >= limit : ratio <= limit;
  return `${isMet ? "PASS" : "MISS"}: ${what}: ${ratio.toFixed(2)} ×, ${bound} ${limit}`;
}
