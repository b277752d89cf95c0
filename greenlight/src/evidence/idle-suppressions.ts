import { problem, type Problem } from "../base/problem.ts";
import type { Suppression } from "../pipeline/quality-definition.ts";
import { cutText, MAX_ENTRIES } from "./bounds.ts";
import type { FindingsEvidence } from "./evidence.ts";
import { countOf } from "./figures.ts";
import { matchesName } from "./finding-pattern.ts";
import type { UnmatchedSuppression } from "./finding.ts";
import type { FindingStandard } from "./judge-finding.ts";

const MAX_TEXT = 300;
/** So many are told one by one. */
const MAX_TOLD = 20;

/** The suppressions that speak of a tool and are not among those that a finding of its report matched. */
export function unmatchedSuppressions(of: {
  readonly tool: string;
  readonly standard: Pick<FindingStandard, "policy" | "reports">;
  readonly matched: ReadonlySet<Suppression>;
}): readonly UnmatchedSuppression[] {
  const { policy, reports } = of.standard;
  return (policy?.suppressions ?? [])
    .flatMap((each, index) => {
      const { tool = "*", reason, expires } = each;
      if (of.matched.has(each) || !matchesName(tool, of.tool)) return [];
      const reportCount = reports.reduce((sum, own) => sum + (matchesName(tool, own.tool) ? own.reportCount : 0), 0);
      const told = { index, matches: inWords(each), reason: cutText(reason, MAX_TEXT), reportCount };
      return [expires === undefined ? told : { ...told, expires }];
    })
    .slice(0, MAX_ENTRIES);
}

/**
 * What the project could take back, as the findings of a run show: suppressions that matched nothing, and entries of the
 * baseline that are gone. A suppression is told only when every report of the project that could hold a match was judged
 * in this run, with its tool's data. None of it fails a run.
 */
export function describeIdle(evidence: readonly FindingsEvidence[]): readonly Problem[] {
  const seen = new Map<string, { readonly idle: UnmatchedSuppression; readonly reports: Set<string> }>();
  let goneCount = 0;
  for (const { tool, report, judged } of evidence) {
    goneCount += judged?.vanishedCount ?? 0;
    for (const idle of judged?.unmatched ?? []) {
      // After a change of the definition the same number may stand for another one.
      const key = JSON.stringify(idle);
      const own = seen.get(key) ?? { idle, reports: new Set() };
      own.reports.add(`${tool}\0${report ?? ""}`);
      seen.set(key, own);
    }
  }
  const idle = [...seen.values()]
    .filter((each) => each.reports.size >= each.idle.reportCount)
    .map((each) => each.idle)
    .toSorted((left, right) => left.index - right.index);
  return [...idle.slice(0, MAX_TOLD).map(tellIdle), ...tellMore(idle.length - MAX_TOLD), ...tellGone(goneCount)];
}

function tellIdle({ index, matches, reason, expires, reportCount }: UnmatchedSuppression): Problem {
  const where = reportCount === 1 ? "the one report" : `any of the ${reportCount} reports`;
  const until = expires === undefined ? "" : `, until ${expires}`;
  const message = `${matches} (${reason}${until}) matches nothing in ${where} that it speaks of`;
  return problem("SUPPRESSION_IDLE", { place: `quality.suppressions.${index}`, message });
}

function tellMore(count: number): readonly Problem[] {
  if (count <= 0) return [];
  const message = `${countOf(count, "more suppression")} match nothing`;
  return [problem("SUPPRESSION_IDLE", { place: "quality.suppressions", message })];
}

function tellGone(count: number): readonly Problem[] {
  if (count === 0) return [];
  const message = `${countOf(count, "known finding")} ${count === 1 ? "is" : "are"} no longer found`;
  return [problem("BASELINE_IDLE", { place: "baseline", message })];
}

function inWords({ tool, rule, paths }: Suppression): string {
  const what = `${rule ?? "every finding"} of ${tool ?? "any tool"}`;
  return cutText(paths === undefined ? what : `${what} in ${paths.join(", ")}`, MAX_TEXT);
}
