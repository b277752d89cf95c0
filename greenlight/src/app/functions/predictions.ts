import { z } from "zod";

import { problem, ProblemError } from "../../base/problem.ts";

const ROW = z.object({
  key: z.string().min(1),
  actual: z.number(),
  predicted: z.number(),
  ridge: z.number(),
  constant: z.number(),
});

/** One row of the holdout, with what the candidate and its baselines said of it. */
export type Prediction = z.infer<typeof ROW>;

const MAX_PROBLEMS = 5;

/**
 * The rows of `predictions.jsonl`. A row that can't be read, or a key that comes twice, makes the whole file
 * unreadable: a gate over what is left would judge another holdout. Throws a ProblemError with the lines.
 */
export function parsePredictions(text: string, place: string): readonly Prediction[] {
  const rows = new Map<string, Prediction>();
  const faults: { readonly line: number; readonly message: string }[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const row = parseRow(line);
    if (typeof row === "string") faults.push({ line: index + 1, message: row });
    else if (rows.has(row.key))
      faults.push({ line: index + 1, message: `the key ${JSON.stringify(row.key)} comes twice` });
    else rows.set(row.key, row);
    if (faults.length === MAX_PROBLEMS) break;
  }
  if (faults.length === 0) return [...rows.values()];
  throw new ProblemError(
    faults.map(({ line, message }) => problem("EVIDENCE_UNREADABLE", { place: `${place}:${line}`, message })),
  );
}

function parseRow(line: string): Prediction | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  const parsed = ROW.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a prediction"}`;
}
