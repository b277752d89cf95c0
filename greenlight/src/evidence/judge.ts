import { problem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import type { QualityPolicy } from "../pipeline/quality-definition.ts";
import type { Evidence, GateEvidence } from "./evidence.ts";
import { countOf, formatCount } from "./figures.ts";
import { judgeCoverage } from "./judge-coverage.ts";
import { judgeFindings } from "./judge-findings.ts";
import { judgeTests } from "./judge-tests.ts";
import { failed, passed, type Judgement } from "./judgement.ts";

export type { Judgement } from "./judgement.ts";

/**
 * What a step's evidence comes to: the worst of its parts, by the project's policy. No data is never a pass: a test step without a test that
 * ran, a floor over lines that nobody counted and a data set without a row fail.
 */
export function judgeEvidence(evidence: readonly Evidence[], policy: QualityPolicy | null = null): Judgement {
  const parts = evidence.map((each) => judgeOne(each, policy));
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

function judgeOne(evidence: Evidence, policy: QualityPolicy | null): Judgement {
  switch (evidence.kind) {
    case "findings":
      return judgeFindings(evidence, policy);
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
