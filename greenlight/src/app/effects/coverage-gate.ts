import type { Json } from "../../base/json.ts";
import type { Effect, EffectContext, EffectResult } from "../../engine/steps/effect.ts";
import { changedCoverage } from "../../evidence/changed-coverage.ts";
import type { ChangedCoverage, CoverageEvidence } from "../../evidence/evidence.ts";
import { judgeEvidence } from "../../evidence/judge.ts";
import { mergeCoverage } from "../../evidence/merge-coverage.ts";
import { readChangedLines } from "../changed-lines.ts";

/**
 * Merges the coverage of all steps before it into one and judges that once: the floor of all lines, and the floor of
 * those that changed. It changes nothing, so it has nothing to observe first, and every run judges anew.
 */
export const coverageGate: Effect = async (args, context) => {
  const limits = limitsOf(args, context);
  const reports = reportsOf(context);
  const merged = mergeCoverage(reports.map((report) => report.evidence));
  const evidence: CoverageEvidence = {
    ...merged,
    floorPercent: limits.floorPercent,
    mergedFrom: [...new Set(reports.map((report) => report.step))],
    ...(limits.changedLinesPercent === null ? {} : { changed: await changedOf(merged, limits, context) }),
  };
  for (const { step, evidence: own } of reports) context.log(`${step}: ${count(own)}`);
  context.log(`merged: ${count(evidence)}`);
  const judged = judgeEvidence([evidence]);
  return { ...NOTHING, ...judged, evidence: [evidence] };
};

const NOTHING: Omit<EffectResult, "outcome" | "why" | "problems" | "evidence"> = {
  isAlready: false,
  facts: {},
  subject: null,
};

interface Limits {
  readonly floorPercent: number | null;
  readonly changedLinesPercent: number | null;
  readonly against: string | null;
}

/** What the step says goes before what the project says. */
function limitsOf(args: Json, { quality }: EffectContext): Limits {
  const own = typeof args === "object" && args !== null && !Array.isArray(args) ? args : {};
  const { floorPercent, changedLinesPercent, against } = { ...quality?.coverage, ...own };
  return {
    floorPercent: typeof floorPercent === "number" ? floorPercent : null,
    changedLinesPercent: typeof changedLinesPercent === "number" ? changedLinesPercent : null,
    against: typeof against === "string" ? against : null,
  };
}

/** Of the steps that it needs; of all steps so far when it needs none. */
function reportsOf(context: EffectContext): { readonly step: string; readonly evidence: CoverageEvidence }[] {
  const needs = Object.values(context.needs);
  const steps = needs.length > 0 ? needs.map(({ step, evidence }) => ({ name: step, evidence })) : stepsOf(context);
  return steps.flatMap(({ name, evidence }) =>
    evidence.flatMap((each) =>
      each.kind === "coverage" && each.mergedFrom === undefined ? [{ step: name, evidence: each }] : [],
    ),
  );
}

function stepsOf(context: EffectContext): readonly Pick<EffectContextStep, "name" | "evidence">[] {
  return context.view().stages.flatMap((stage) => stage.steps);
}

type EffectContextStep = ReturnType<EffectContext["view"]>["stages"][number]["steps"][number];

async function changedOf(merged: CoverageEvidence, limits: Limits, context: EffectContext): Promise<ChangedCoverage> {
  const { changedLinesPercent: floorPercent, against } = limits;
  const changes = await readChangedLines(context.project.folder, { against, signal: context.signal });
  return changes.ok
    ? changedCoverage(merged, changes.value.lines, { against: changes.value.against, floorPercent })
    : { isKnown: false, ...changes.error, floorPercent };
}

function count({ lines }: CoverageEvidence): string {
  return `${lines.coveredCount} of ${lines.totalCount} lines`;
}
