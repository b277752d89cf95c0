import { alignTable } from "../measure/align-table.ts";
import { median } from "../measure/measure-process.ts";
import type { Contender } from "./contender.ts";
import type { Figures, Result } from "./rounds.ts";
import { WORKLOADS, type Workload } from "./workload.ts";

/** The median of a figure over the rounds; NaN when it was not measured. */
export function medianOf(result: Result | undefined, workload: Workload | undefined, figure: keyof Figures): number {
  const measured = workload === undefined ? undefined : result?.measured.get(workload);
  return median((measured ?? []).map((each) => each[figure]));
}

/** A table for each workload, the cheapest contender first. */
export function formatTables(results: readonly Result[], notHere: readonly Contender[]): string {
  return WORKLOADS.map((workload) => formatTable(workload, results, notHere)).join("\n\n");
}

function formatTable(workload: Workload, results: readonly Result[], notHere: readonly Contender[]): string {
  const rows = [[workload.name, "version", "requests/s", "p99 ms", "CPU µs/request", "resident MB"]];
  const cpuOf = (result: Result): number => medianOf(result, workload, "cpuMsPerRequest");
  const right = results.filter((result) => result.wrong === null);
  for (const result of right.toSorted((left, other) => cpuOf(left) - cpuOf(other))) {
    rows.push([
      result.name,
      result.version,
      medianOf(result, workload, "requestsPerS").toFixed(0),
      medianOf(result, workload, "p99Ms").toFixed(1),
      (cpuOf(result) * 1000).toFixed(0),
      (result.residentBytes / 1e6).toFixed(0),
    ]);
  }
  for (const { name, version, wrong } of results) if (wrong !== null) rows.push([name, version, "wrong work"]);
  for (const { name, remedy } of notHere) rows.push([name, "not here", remedy]);
  return alignTable(rows);
}
