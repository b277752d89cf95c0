import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import { coverageEvidence, fileOfLines } from "../../coverage-files.ts";
import type { CoverageCount, FileCoverage } from "../../evidence.ts";
import { MAX_LINE } from "../../line-ranges.ts";
import { projectPath } from "../../project-path.ts";
import { describeMismatch } from "../mismatch.ts";
import { parseJson, type Reader } from "../reader.ts";

/** coverage.py's `coverage json`, of the formats 2 and 3. Branches are there when they were measured, functions from 7.5 on. */
export const readCoveragePy: Reader = (text, { projectFolder, floorPercent }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const parsed = REPORT.safeParse(json.value);
  if (!parsed.success) return err(describeMismatch(parsed.error));
  const files = Object.entries(parsed.data.files).map(([path, file]) =>
    toFile(projectPath(projectFolder, path) ?? path, file),
  );
  return ok([coverageEvidence({ files, floorPercent: floorPercent ?? null })]);
};

const LINES = z.array(z.int().max(MAX_LINE));
const COUNT = z.int().min(0);
const FILE = z.object({
  executed_lines: LINES,
  missing_lines: LINES,
  summary: z.object({ num_branches: COUNT.optional(), covered_branches: COUNT.optional() }).optional(),
  functions: z.record(z.string(), z.object({ executed_lines: LINES, missing_lines: LINES })).optional(),
});
const REPORT = z.object({ meta: z.object({ version: z.string() }), files: z.record(z.string(), FILE) });

function toFile(path: string, file: z.infer<typeof FILE>): FileCoverage {
  const total = file.summary?.num_branches;
  const branches =
    total === undefined
      ? undefined
      : { coveredCount: Math.min(file.summary?.covered_branches ?? 0, total), totalCount: total };
  const functions = file.functions === undefined ? undefined : countFunctions(file.functions);
  return fileOfLines(
    path,
    // An executed line 0 stands for an empty module.
    { hit: file.executed_lines.filter(isReal), missed: file.missing_lines.filter(isReal) },
    { ...(branches === undefined ? {} : { branches }), ...(functions === undefined ? {} : { functions }) },
  );
}

function countFunctions(functions: NonNullable<z.infer<typeof FILE>["functions"]>): CoverageCount {
  // The empty name is the code outside of functions; a function without lines has nothing to cover.
  const real = Object.entries(functions).filter(
    ([name, { executed_lines, missing_lines }]) => name !== "" && executed_lines.length + missing_lines.length > 0,
  );
  const covered = real.filter(([, { executed_lines }]) => executed_lines.length > 0);
  return { coveredCount: covered.length, totalCount: real.length };
}

function isReal(line: number): boolean {
  return line > 0;
}
