import { alignTable } from "../measure/align-table.ts";
import { median, type Measured } from "../measure/measure-process.ts";
import { SITUATIONS, type Result, type Rounds, type Situation } from "./rounds.ts";

type Figure = "wallMs" | "cpuMs" | "peakBytes" | "ownPeakBytes";

/** The median of a figure; NaN when it was not measured. */
export function medianOf(result: Result | undefined, situation: Situation, figure: Figure): number {
  return median((result?.measured[situation] ?? []).map((each) => each[figure]));
}

/** One row a contender: seconds, and each as a multiple of the floor (cold) or of turbo (unchanged, restore). */
export function formatTable({ results, bareNode }: Rounds, notHere: readonly string[]): string {
  const named = (name: string): Result | undefined => results.find((each) => each.contender.name === name);
  const head = ["contender", "version"];
  for (const situation of SITUATIONS) {
    const base = situation === "cold" ? "floor" : "turbo";
    head.push(`${situation}: wall s`, `× ${base}`, "CPU s", `× ${base}`);
  }
  const lines = [[...head, "peak MB", "of its tree"]];
  for (const result of results) {
    const cells = [result.contender.name, result.contender.version ?? ""];
    if (result.wrong !== null) cells.push("wrong work");
    else for (const situation of SITUATIONS) cells.push(...cellsOf(result, situation, named));
    const peak = (figure: Figure): string => number(medianOf(result, "cold", figure) / 1e6, 0);
    lines.push(result.wrong === null ? [...cells, peak("ownPeakBytes"), peak("peakBytes")] : cells);
  }
  for (const name of notHere) lines.push([name, "not here"]);
  lines.push(["bare node", process.versions.node, seconds(bareNode, "wallMs"), "", seconds(bareNode, "cpuMs")]);
  return alignTable(lines);
}

function cellsOf(result: Result, situation: Situation, named: (name: string) => Result | undefined): string[] {
  const base = named(situation === "cold" ? "floor" : "turbo");
  return (["wallMs", "cpuMs"] as const).flatMap((figure) => {
    const own = medianOf(result, situation, figure);
    return [number(own / 1000, 2), number(own / medianOf(base, situation, figure), 2)];
  });
}

function seconds(measured: readonly Measured[], figure: Figure): string {
  return number(median(measured.map((each) => each[figure])) / 1000, 2);
}

function number(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}
