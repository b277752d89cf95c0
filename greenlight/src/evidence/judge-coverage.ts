import { problem, type Problem } from "../base/problem.ts";
import type { ChangedCoverage, CoverageCount, CoverageEvidence } from "./evidence.ts";
import { countOf, coveredPercent, formatCount, formatPercent } from "./figures.ts";
import { failed, passed, warned, type Judgement } from "./judgement.ts";

/**
 * Coverage against its floors, overall and of what changed. What can't be known (no repository, an unknown base, reports
 * that don't tell their lines) is inconclusive, which warns: it is no pass.
 */
export function judgeCoverage(evidence: CoverageEvidence): Judgement {
  const parts = [judgeWhole(evidence), ...(evidence.changed === undefined ? [] : [judgeChanged(evidence.changed)])];
  const { strangers } = evidence;
  const strange =
    strangers === undefined ? [] : [`${countOf(strangers.count, "file")} that the project does not have left out`];
  return {
    outcome: parts.some((part) => part.outcome === "failed")
      ? "failed"
      : parts.some((part) => part.outcome === "warned")
        ? "warned"
        : "passed",
    why: [...parts.map((part) => part.why), ...strange].join(", "),
    problems: parts.flatMap((part) => part.problems),
  };
}

function judgeWhole({ lines, floorPercent, isLowerBound }: CoverageEvidence): Judgement {
  const percent = coveredPercent(lines);
  const atLeast = isLowerBound === true ? "at least " : "";
  const why = percent === null ? "no lines were counted" : `${atLeast}${formatPercent(percent)} of lines`;
  if (floorPercent === null || (percent !== null && percent >= floorPercent)) return passed(why);
  // The reports tell too little to say that it is missed.
  if (isLowerBound === true && percent !== null)
    return warned(`${why}, the floor is ${floorPercent} %, and its reports don't tell which lines they count`);
  return failed(`${why}, floor ${floorPercent} %`, belowFloor("coverage", "lines", lines, floorPercent));
}

function judgeChanged(changed: ChangedCoverage): Judgement {
  const { against, floorPercent } = changed;
  if (!changed.isKnown) return warned(`changed lines: ${changed.why}`);
  const percent = coveredPercent(changed.lines);
  if (percent === null) return passed(`no line to cover changed since ${against}`);
  const why = `${formatPercent(percent)} of the lines changed since ${against}`;
  if (floorPercent === null || percent >= floorPercent) return passed(why);
  const [first] = changed.files;
  const place = first === undefined ? "coverage" : `${first.path}:${first.missed.split(/[-,]/u, 1)[0] ?? ""}`;
  const found = belowFloor(place, `lines changed since ${against}`, changed.lines, floorPercent);
  return failed(`${why}, floor ${floorPercent} %`, found);
}

function belowFloor(place: string, what: string, lines: CoverageCount, floorPercent: number): Problem {
  const percent = coveredPercent(lines);
  const message =
    percent === null
      ? `no ${what} were counted, the floor is ${floorPercent} %`
      : `${formatPercent(percent)} of ${what} covered (${formatCount(lines.coveredCount)} of ` +
        `${formatCount(lines.totalCount)}), the floor is ${floorPercent} %`;
  return problem("COVERAGE_BELOW_FLOOR", { place, message });
}
