import { err, ok } from "../../../base/result.ts";
import { coverageEvidence, fileOfLines } from "../../coverage-files.ts";
import type { FileCoverage } from "../../evidence.ts";
import { isLine } from "../../line-ranges.ts";
import { projectPath } from "../../project-path.ts";
import type { Reader, Unreadable } from "../reader.ts";

/**
 * lcov's tracefile (geninfo(1)), as c8, nyc, vitest, coverage.py and lcov itself write it. Lines, branches and functions
 * are counted from the entries, never from the totals that a record claims; records of the same file add up.
 */
export const readLcov: Reader = (text, { projectFolder, floorPercent }) => {
  const records = new Map<string, LcovFile>();
  let current: LcovFile | null = null;
  let sawEnd = false;
  let number = 0;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    number += 1;
    if (line.startsWith("SF:")) {
      const path = projectPath(projectFolder, line.slice(3));
      if (path === null) return err(fault(number, "a record without a file"));
      current = records.get(path) ?? { lines: new Map(), branches: new Map(), functions: new Map() };
      records.set(path, current);
    } else if (line === "end_of_record") {
      current = null;
      sawEnd = true;
    } else if (current !== null && !addEntry(current, line)) {
      return err(fault(number, `not an entry of lcov: ${line.slice(0, 100)}`));
    }
  }
  if (!sawEnd) return err({ message: 'no record in it that ends with "end_of_record"' });
  if (current !== null) return err({ message: "it ends within a record" });
  return ok([
    coverageEvidence({
      files: [...records].map(([path, file]) => toFile(path, file)),
      floorPercent: floorPercent ?? null,
    }),
  ]);
};

/** Each by what tells it from others, with how often it ran. */
interface LcovFile {
  readonly lines: Map<number, number>;
  readonly branches: Map<string, number>;
  readonly functions: Map<string, number>;
}

/** False for an entry that is none. Names that are not known are of later versions, and left out. */
function addEntry(file: LcovFile, line: string): boolean {
  const colon = line.indexOf(":");
  if (colon === -1) return line.trim() === "" || line.startsWith("#");
  const parts = line.slice(colon + 1).split(",");
  switch (line.slice(0, colon)) {
    case "DA": {
      const at = Number(parts[0]);
      if (!isLine(at)) return false;
      return add(file.lines, at, parts[1]);
    }
    case "BRDA":
      return add(file.branches, parts.slice(0, -1).join(), parts.at(-1) === "-" ? "0" : parts.at(-1));
    case "FN":
      // FN:line,name, or FN:first,last,name of lcov 2.
      return add(file.functions, functionName(parts.slice(1)), "0");
    case "FNDA":
      return add(file.functions, parts.slice(1).join(), parts[0]);
    default:
      return true;
  }
}

function functionName(parts: readonly string[]): string {
  return (parts.length > 1 && /^\d+$/.test(parts[0] ?? "") ? parts.slice(1) : parts).join();
}

function add<Key>(counts: Map<Key, number>, key: Key, text: string | undefined): boolean {
  const count = Number(text);
  if (text === undefined || text === "" || Number.isNaN(count)) return false;
  counts.set(key, Math.max(counts.get(key) ?? 0, count));
  return true;
}

function toFile(path: string, { lines, branches, functions }: LcovFile): FileCoverage {
  const of = (wanted: boolean): number[] => [...lines].flatMap(([line, count]) => (count > 0 === wanted ? line : []));
  return fileOfLines(path, { hit: of(true), missed: of(false) }, { branches: tally(branches), functions: tally(functions) });
}

function tally(counts: ReadonlyMap<unknown, number>): { coveredCount: number; totalCount: number } {
  let coveredCount = 0;
  for (const count of counts.values()) if (count > 0) coveredCount += 1;
  return { coveredCount, totalCount: counts.size };
}

function fault(line: number, message: string): Unreadable {
  return { message, at: `line ${line}` };
}
