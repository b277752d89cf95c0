import { problem, type Problem } from "../base/problem.ts";
import type { QualityPolicy } from "../pipeline/quality-definition.ts";
import type { Finding, FindingsEvidence, FindingsJudgement, LevelCounts } from "./evidence.ts";
import { countOf, formatCount } from "./figures.ts";
import { isCounted, levelsOf } from "./findings.ts";
import type { Judgement } from "./judge.ts";

const NO_COUNTS: LevelCounts = { error: 0, warning: 0, note: 0 };

/**
 * What a tool's findings come to: by the policy, when they were judged by one, else errors fail and warnings warn. A tool
 * that could not get what it judges by is never clean: it warns, or fails where the policy says so.
 */
export function judgeFindings(
  evidence: FindingsEvidence,
  policy: Pick<QualityPolicy, "unreachable"> | null,
): Judgement {
  const { tool } = evidence;
  const judged = evidence.judged ?? byLevel(evidence);
  const failedCount = sumOf(judged.failed);
  const warnedCount = sumOf(judged.warned);
  const why = [saysWhat(evidence, judged), ...asides(judged)].join(", ");
  const problems: Problem[] = [];
  if (failedCount > 0) problems.push(reported(evidence, why));
  if (evidence.isInconclusive !== true) return { outcome: outcomeOf(failedCount, warnedCount), why, problems };
  const missing = `${tool}: inconclusive, ${evidence.why ?? "its data could not be reached"}`;
  const isFailure = policy?.unreachable === "fail";
  if (isFailure) problems.push(problem("DATA_UNREACHABLE", { place: tool, message: evidence.why ?? missing }));
  return {
    outcome: isFailure || failedCount > 0 ? "failed" : "warned",
    why: evidence.findingCount === 0 ? missing : `${missing}; ${why}`,
    problems,
  };
}

function outcomeOf(failedCount: number, warnedCount: number): Judgement["outcome"] {
  return failedCount > 0 ? "failed" : warnedCount > 0 ? "warned" : "passed";
}

/** "bandit: 2 new errors and 1 new warning": those that count. */
function saysWhat(evidence: FindingsEvidence, judged: FindingsJudgement): string {
  const { tool, checkedCount, findings, findingCount } = evidence;
  const word = judged.knownCount === null ? "" : "new ";
  // A list that was cut before all were counted holds the worst ones: there are at least these many.
  const isLeast = evidence.levels === undefined && findingCount > findings.length;
  const clauses = (["error", "warning", "note"] as const).flatMap((level) => {
    const count = judged.failed[level] + judged.warned[level];
    if (count === 0) return [];
    const bound = isLeast && count === findings.length ? "at least " : "";
    return [`${bound}${countOf(count, `${word}${level}`)}`];
  });
  const looked = checkedCount === null ? "" : ` in ${countOf(checkedCount, "file")}`;
  if (clauses.length === 0) return `${tool}: no ${word}finding${looked}`;
  return `${tool}: ${clauses.length < 3 ? clauses.join(" and ") : `${clauses[0]}, ${clauses[1]} and ${clauses[2]}`}`;
}

function asides({ knownCount, suppressedCount, vanishedCount, expired }: FindingsJudgement): readonly string[] {
  const reopened = expired.reduce((sum, each) => sum + each.count, 0);
  return [
    ...((knownCount ?? 0) === 0 ? [] : [`${formatCount(knownCount ?? 0)} known`]),
    ...(suppressedCount === 0 ? [] : [`${formatCount(suppressedCount)} suppressed`]),
    ...(reopened === 0 ? [] : [`${formatCount(reopened)} whose suppression expired`]),
    ...(vanishedCount === 0 ? [] : [`${formatCount(vanishedCount)} of the baseline gone`]),
  ];
}

function reported(evidence: FindingsEvidence, why: string): Problem {
  const failing = evidence.findings.filter((finding) => isCounted(finding) && (finding.outcome ?? "fail") === "fail");
  const shown = failing.filter((finding) => finding.outcome !== undefined || finding.level === "error");
  const [first] = shown;
  const more = shown.length > 3 ? "; …" : "";
  const message = `${why}; ${shown.slice(0, 3).map(describeFinding).join("; ")}${more}`;
  const [expired] = evidence.judged?.expired ?? [];
  const ended =
    expired === undefined ? "" : `; a suppression ended on ${expired.expires} (${expired.reason.slice(0, 200)})`;
  return problem("FINDINGS_REPORTED", { place: placeOf(first) ?? evidence.tool, message: message + ended });
}

/** Evidence that no policy was applied to. */
function byLevel(evidence: FindingsEvidence): FindingsJudgement {
  const levels = levelsOf(evidence);
  return {
    failed: { ...NO_COUNTS, error: levels.error },
    warned: { ...NO_COUNTS, warning: levels.warning },
    knownCount: null,
    suppressedCount: 0,
    vanishedCount: 0,
    vanished: [],
    expired: [],
  };
}

function sumOf({ error, warning, note }: LevelCounts): number {
  return error + warning + note;
}

function describeFinding(finding: Finding): string {
  const message = finding.message.split("\n", 1)[0] ?? "";
  return [placeOf(finding), finding.rule, message].filter((part) => part !== null).join(" ");
}

function placeOf(finding: Finding | undefined): string | null {
  if (finding === undefined || finding.file === null) return null;
  return finding.line === null ? finding.file : `${finding.file}:${finding.line}`;
}
