import { problem, type Problem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import type { CoverageEvidence, Evidence, Finding, FindingsEvidence, GateEvidence, TestsEvidence } from "./evidence.ts";
import { countOf, coveredPercent, formatCount, formatPercent } from "./figures.ts";

export interface Judgement {
  readonly outcome: "passed" | "warned" | "failed";
  /** One short clause with figures: "214 tests, 91.2 % of lines". Empty without evidence. */
  readonly why: string;
  readonly problems: readonly Problem[];
}

/**
 * What a step's evidence comes to: the worst of its parts. No data is never a pass: a test step without a test that
 * ran, a floor over lines that nobody counted and a data set without a row fail.
 */
export function judgeEvidence(evidence: readonly Evidence[]): Judgement {
  const parts = evidence.map(judgeOne);
  return {
    outcome: parts.some((part) => part.outcome === "failed")
      ? "failed"
      : parts.some((part) => part.outcome === "warned")
        ? "warned"
        : "passed",
    why: parts.map((part) => part.why).join(", "),
    problems: parts.flatMap((part) => part.problems),
  };
}

function judgeOne(evidence: Evidence): Judgement {
  switch (evidence.kind) {
    case "findings":
      return judgeFindings(evidence);
    case "tests":
      return judgeTests(evidence);
    case "coverage":
      return judgeCoverage(evidence);
    case "validation": {
      const { source, keptCount, readCount } = evidence;
      const why = `${formatCount(keptCount)} of ${countOf(readCount, "row")} kept`;
      return keptCount > 0 ? passed(why) : failed(why, problem("DATA_EMPTY", { place: source, message: why }));
    }
    case "model":
      return passed(`rmse ${evidence.metrics.rmse.toFixed(3)} on ${countOf(evidence.testCount, "row")}`);
    case "gate":
      return judgeGate(evidence);
    case "release":
      return passed(`${evidence.releaseId}, ${countOf(evidence.fileCount, "file")}`);
    case "deployment":
      return passed(`${evidence.environment} serves ${evidence.releaseId}`);
    case "smoke": {
      const broken = evidence.checks.filter((check) => !check.isPassed);
      if (evidence.checks.length > 0 && broken.length === 0)
        return passed(countOf(evidence.checks.length, "smoke test"));
      const why = `${broken.length} of ${countOf(evidence.checks.length, "smoke test")} failed`;
      return failed(why, problem("SMOKE_TEST_FAILED", { place: evidence.environment, message: why }));
    }
    case "benchmark": {
      const why = `p50 ${evidence.median.p50Ms.toFixed(2)} ms`;
      const place = evidence.environment;
      if (evidence.errorCount > 0 || evidence.rounds.length === 0) {
        const message = `${countOf(evidence.errorCount, "error")} in ${countOf(evidence.requestCount, "request")}`;
        return failed(message, problem("LOAD_FAILED", { place, message }));
      }
      const { comparison } = evidence;
      if (comparison === null || comparison.verdict === "promote") return passed(why);
      if (comparison.verdict !== "reject") return { outcome: "warned", why: comparison.why, problems: [] };
      return failed(comparison.why, problem("LATENCY_REGRESSED", { place, message: comparison.why }));
    }
    case "health": {
      const broken = evidence.services.filter((service) => !service.isHealthy);
      if (evidence.services.length > 0 && broken.length === 0)
        return passed(`${evidence.services.length} probes healthy`);
      const why = `${broken.length} of ${countOf(evidence.services.length, "probe")} unhealthy`;
      return failed(why, problem("SERVICE_UNHEALTHY", { place: broken[0]?.name ?? "health", message: why }));
    }
    default:
      return unreachable(evidence);
  }
}

function judgeFindings(evidence: FindingsEvidence): Judgement {
  const errors = evidence.findings.filter((finding) => finding.level === "error");
  const warningCount = evidence.findings.filter((finding) => finding.level === "warning").length;
  // Of a list that was cut, at least these many are there: the worst ones were kept.
  const isCut = evidence.findingCount > evidence.findings.length;
  const bound = (count: number): string => (isCut && count === evidence.findings.length ? "at least " : "");
  const counts = [
    errors.length === 0 ? [] : `${bound(errors.length)}${countOf(errors.length, "error")}`,
    warningCount === 0 ? [] : countOf(warningCount, "warning"),
  ].flat();
  if (errors.length === 0 && evidence.isInconclusive === true) {
    const why = `${evidence.tool}: inconclusive, ${evidence.why ?? "its data could not be reached"}`;
    return { outcome: "warned", why: [why, ...counts].join("; "), problems: [] };
  }
  if (errors.length === 0 && warningCount === 0) {
    const looked = evidence.checkedCount === null ? "" : ` in ${countOf(evidence.checkedCount, "file")}`;
    return passed(`${evidence.tool}: no finding${looked}`);
  }
  const why = `${evidence.tool}: ${counts.join(" and ")}`;
  if (errors.length === 0) return { outcome: "warned", why, problems: [] };
  const message = `${why}; ${errors.slice(0, 3).map(describeFinding).join("; ")}${errors.length > 3 ? "; …" : ""}`;
  return failed(why, problem("FINDINGS_REPORTED", { place: placeOf(errors[0]) ?? evidence.tool, message }));
}

function describeFinding(finding: Finding): string {
  const message = finding.message.split("\n", 1)[0] ?? "";
  return [placeOf(finding), finding.rule, message].filter((part) => part !== null).join(" ");
}

function placeOf(finding: Finding | undefined): string | null {
  if (finding === undefined || finding.file === null) return null;
  return finding.line === null ? finding.file : `${finding.file}:${finding.line}`;
}

function judgeTests(evidence: TestsEvidence): Judgement {
  const { tool, passedCount, failedCount, skippedCount } = evidence;
  const skipped = skippedCount === 0 ? "" : `, ${formatCount(skippedCount)} skipped`;
  const ranCount = passedCount + failedCount;
  if (ranCount === 0) {
    const why = `no tests ran${skipped}`;
    return failed(why, problem("NO_TESTS_RAN", { place: tool, message: why }));
  }
  if (failedCount === 0) return passed(`${countOf(ranCount, "test")}${skipped}`);
  const why = `${formatCount(failedCount)} of ${countOf(ranCount, "test")} failed${skipped}`;
  const [first] = evidence.failures;
  const named = first === undefined ? "" : `; ${first.name}: ${first.message.split("\n", 1)[0] ?? ""}`;
  return failed(why, problem("TESTS_FAILED", { place: first?.file ?? tool, message: `${why}${named}` }));
}

function judgeCoverage(evidence: CoverageEvidence): Judgement {
  const { lines, floorPercent } = evidence;
  const percent = coveredPercent(lines);
  const why = percent === null ? "no lines were counted" : `${formatPercent(percent)} of lines`;
  if (floorPercent === null || (percent !== null && percent >= floorPercent)) return passed(why);
  const message =
    percent === null
      ? `${why}, the floor is ${floorPercent} %`
      : `${formatPercent(percent)} of lines covered (${formatCount(lines.coveredCount)} of ` +
        `${formatCount(lines.totalCount)}), the floor is ${floorPercent} %`;
  return failed(`${why}, floor ${floorPercent} %`, problem("COVERAGE_BELOW_FLOOR", { place: "coverage", message }));
}

function judgeGate(evidence: GateEvidence): Judgement {
  const spoilers = evidence.checks.filter((check) => check.verdict === evidence.verdict);
  const [first] = spoilers;
  const why = `${evidence.verdict}: ${first === undefined ? evidence.subject : `${first.name}, ${first.why}`}`;
  switch (evidence.verdict) {
    case "promote":
      return passed(`promote: ${countOf(evidence.checks.length, "check")}`);
    case "hold":
    case "inconclusive":
      return { outcome: "warned", why, problems: [] };
    case "reject": {
      const message = spoilers.map((check) => `${check.name}: ${check.why}`).join("; ");
      return failed(why, problem("MODEL_REJECTED", { place: evidence.subject, message: message || "rejected" }));
    }
    default:
      return unreachable(evidence.verdict);
  }
}

function passed(why: string): Judgement {
  return { outcome: "passed", why, problems: [] };
}

function failed(why: string, found: Problem): Judgement {
  return { outcome: "failed", why, problems: [found] };
}
