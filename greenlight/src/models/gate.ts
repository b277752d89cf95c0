import type { GateEvidence, ModelEvidence, Verdict } from "../evidence/evidence.ts";
import { compareRmse, rmseOf } from "./compare-rmse.ts";

/** One row of the holdout: what was true, and what the candidate and its baselines said. */
export interface HoldoutRow {
  readonly actual: number;
  readonly predicted: number;
  readonly ridge: number;
  readonly constant: number;
}

export interface GateSubject {
  readonly evaluation: ModelEvidence;
  readonly errors: readonly HoldoutRow[];
  /** SHA-256 of the model at hand; when given, the evaluation has to be about that very model. */
  readonly modelDigest?: string;
}

export interface GateRule {
  /** Fewer rows of the holdout than this decide nothing. */
  readonly minimumCount: number;
  readonly resampleCount: number;
  readonly seed: number;
  /** Of the one-sided bound, 0–1. */
  readonly confidence: number;
  readonly tripwireRmse: number;
}

export const DEFAULT_GATE_RULE: GateRule = {
  minimumCount: 100,
  resampleCount: 5000,
  seed: 1,
  confidence: 0.95,
  tripwireRmse: 2,
};

export type GateCheck = GateEvidence["checks"][number];

/** A further check (a champion, slices) joins by being one of these. */
type CheckFunction = (subject: GateSubject, rule: GateRule) => GateCheck;

const CHECKS: readonly CheckFunction[] = [
  checkIdentity,
  checkSampleSize,
  (subject, rule) => checkBaseline("constant", subject, rule),
  (subject, rule) => checkBaseline("ridge", subject, rule),
  checkTripwire,
];

/**
 * Whether a first model may serve: it must beat the constant and the linear baseline on the same holdout, surely.
 * Pure; one seed gives one verdict. The worst check decides: reject, inconclusive, hold, promote.
 */
export function judgeModel(subject: GateSubject, rule: GateRule = DEFAULT_GATE_RULE): GateEvidence {
  const checks = CHECKS.map((check) => check(subject, rule));
  return {
    kind: "gate",
    subject: `model ${subject.evaluation.digest.slice(0, 12)}`,
    verdict: worstVerdict(checks.map((check) => check.verdict)),
    checks,
  };
}

const WORST_FIRST: readonly Verdict[] = ["reject", "inconclusive", "hold", "promote"];

function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return WORST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? "inconclusive";
}

/** The evaluation must be the one of these predictions and of this model, or its figures prove nothing here. */
function checkIdentity({ evaluation, errors, modelDigest }: GateSubject): GateCheck {
  const name = "evaluation matches";
  if (modelDigest !== undefined && modelDigest !== evaluation.digest) {
    const why = `the model at hand is ${modelDigest.slice(0, 12)}, the evaluation is of ${evaluation.digest.slice(0, 12)}`;
    return { name, verdict: "reject", why };
  }
  if (errors.length !== evaluation.testCount) {
    return { name, verdict: "reject", why: `${errors.length} predictions, but ${evaluation.testCount} rows evaluated` };
  }
  if (errors.length === 0) return { name, verdict: "inconclusive", why: "no predictions to compute it again from" };
  const rmse = rmseOf(errors, "predicted");
  const isSame = Math.abs(rmse - evaluation.metrics.rmse) <= 1e-6 * Math.max(1, rmse);
  return isSame
    ? { name, verdict: "promote", why: `rmse ${figure(rmse)} computed again from ${errors.length} predictions` }
    : {
        name,
        verdict: "reject",
        why: `the predictions give rmse ${figure(rmse)}, the evaluation says ${figure(evaluation.metrics.rmse)}`,
      };
}

function checkSampleSize({ errors }: GateSubject, rule: GateRule): GateCheck {
  return {
    name: "sample size",
    verdict: errors.length >= rule.minimumCount ? "promote" : "inconclusive",
    why: `${errors.length} rows held out, at least ${rule.minimumCount} wanted`,
  };
}

function checkBaseline(baseline: "constant" | "ridge", { errors }: GateSubject, rule: GateRule): GateCheck {
  const name = `beats ${baseline}`;
  if (errors.length < rule.minimumCount) {
    return { name, verdict: "inconclusive", why: `${errors.length} rows are too few to compare` };
  }
  const { candidate, reference, difference, upper, detectable } = compareRmse(errors, baseline, rule);
  const percent = `${Math.round(rule.confidence * 100)} %`;
  const why =
    `rmse ${figure(candidate)} against ${figure(reference)}: ${signed(difference)}, ` +
    `at most ${signed(upper)} (one-sided ${percent} bound, ${rule.resampleCount} paired resamples)`;
  if (upper < 0) return { name, verdict: "promote", why };
  // Equal is not worse: predictions that are the baseline's own can't be told from it.
  if (difference > 0) return { name, verdict: "reject", why };
  return {
    name,
    verdict: "hold",
    why: `${why}; with ${errors.length} rows a gain below ${figure(detectable)} goes unseen`,
  };
}

function checkTripwire({ evaluation, errors }: GateSubject, rule: GateRule): GateCheck {
  const { rmse } = evaluation.metrics;
  const isBelow = rmse < rule.tripwireRmse;
  const constant =
    errors.length === 0 ? "" : `; a tripwire only, a constant scores ${figure(rmseOf(errors, "constant"))}`;
  return {
    name: "tripwire",
    verdict: isBelow ? "promote" : "reject",
    why: `rmse ${figure(rmse)} is ${isBelow ? "below" : "not below"} ${figure(rule.tripwireRmse)}${constant}`,
  };
}

function figure(value: number): string {
  return value.toFixed(3);
}

/** With a true minus sign, as it stands in reports. */
function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
