import { existsSync } from "node:fs";

import { isProblem, problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { Evidence } from "../../evidence/evidence.ts";
import type { EffectResult } from "./effect.ts";
import type { FunctionResult } from "./function-step.ts";

/** One check for each member, so that a new one can't be forgotten. */
const OUTCOMES: Readonly<Record<EffectResult["outcome"], true>> = {
  passed: true,
  warned: true,
  failed: true,
  errored: true,
  waiting: true,
  cancelled: true,
};
const EVIDENCE: Readonly<Record<Evidence["kind"], true>> = {
  findings: true,
  tests: true,
  coverage: true,
  validation: true,
  model: true,
  gate: true,
  release: true,
  deployment: true,
  smoke: true,
  benchmark: true,
  health: true,
};

/**
 * What an effect answered, as it will be recorded: anyone may write one. Null when it is no answer, because what is taken for a
 * pass must have been said to be one.
 */
export function readEffectResult(answer: unknown): EffectResult | null {
  let value: unknown;
  try {
    value = JSON.parse(JSON.stringify(answer) ?? "null");
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  const { outcome, isAlready, why, problems, evidence, facts, subject } = value;
  const isSound =
    typeof outcome === "string" &&
    Object.hasOwn(OUTCOMES, outcome) &&
    typeof isAlready === "boolean" &&
    typeof why === "string" &&
    Array.isArray(problems) &&
    problems.every(isProblem) &&
    Array.isArray(evidence) &&
    evidence.every((each) => isRecord(each) && Object.hasOwn(EVIDENCE, String(each["kind"]))) &&
    isRecord(facts) &&
    (subject === null || typeof subject === "string");
  return isSound ? (value as unknown as EffectResult) : null;
}

export interface FunctionAnswer {
  readonly references: NonNullable<FunctionResult["references"]>;
  readonly problems: readonly Problem[];
}

/** What the runner of a function step wrote down. Throws a ProblemError when its references can't be kept. */
export function readFunctionAnswer(text: string, place: string): FunctionAnswer {
  const response: unknown = JSON.parse(text);
  if (!isRecord(response)) return { references: [], problems: [] };
  const { result, problems } = response;
  const references = isRecord(result) ? (result["references"] ?? []) : [];
  if (!Array.isArray(references) || !references.every(isReference)) {
    const message = "its answer's `references` are no list of { path, digest }";
    throw new ProblemError([problem("CONFIG_INVALID", { place, message })]);
  }
  const absent = references.find(({ path }) => !existsSync(path));
  if (absent !== undefined) {
    const message = `${absent.path}, which its answer refers to, is not there`;
    throw new ProblemError([problem("OUTPUT_MISSING", { place, message })]);
  }
  return { references, problems: Array.isArray(problems) ? problems.filter(isProblem) : [] };
}

function isReference(value: unknown): value is FunctionAnswer["references"][number] {
  return (
    isRecord(value) &&
    typeof value["path"] === "string" &&
    typeof value["digest"] === "string" &&
    /^[0-9a-f]{64}$/u.test(value["digest"])
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
