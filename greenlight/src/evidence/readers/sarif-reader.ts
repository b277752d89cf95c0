import { z } from "zod";

import { err, ok } from "../../base/result.ts";
import { findingsEvidence } from "../findings.ts";
import { describeMismatch } from "./mismatch.ts";
import { parseJson, type Reader } from "./reader.ts";
import { readInconclusive, readInvocations, readResult, RUN, type RunHead } from "./sarif-results.ts";

/**
 * Any SARIF 2.1.0 log (OASIS, "Static Analysis Results Interchange Format"). Results that passed or are suppressed
 * are no findings; a missing level is the rule's, else `warning` (§3.27.10). A run that says it did not execute
 * successfully is itself an error, because its silence proves nothing.
 */
export const readSarif: Reader = (text, { tool, projectFolder }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const log = LOG.safeParse(json.value);
  if (!log.success) return err(describeMismatch(log.error));
  const { runs } = log.data;
  const findings = runs.flatMap((run) => [
    ...(run.results ?? []).flatMap((result) => readResult(result, run, projectFolder)),
    ...readInvocations(run),
  ]);
  return ok([findingsEvidence({ tool, checkedCount: countChecked(runs), findings, ...readInconclusive(runs) })]);
};

/** How many files the runs say that they looked at; null when they say nothing of it. */
export function countChecked(runs: readonly RunHead[]): number | null {
  const checked = runs.flatMap(
    (run) => run.artifacts?.filter((artifact) => artifact.roles?.includes("analysisTarget")) ?? [],
  );
  return checked.length === 0 ? null : checked.length;
}

const LOG = z.object({ version: z.literal("2.1.0"), runs: z.array(RUN) });
