import type {
  Condition,
  EvidenceSource,
  FunctionAction,
  Matrix,
  RetryPolicy,
  StepAction,
  StepDefinition,
} from "./definition.ts";
import { EVIDENCE_FORMATS } from "./evidence-formats.ts";
import {
  hasExactly,
  isFilled,
  isFilledListOf,
  isJson,
  isListOf,
  isPath,
  isPlainObject,
  isRecordOf,
  isVariableName,
  isVariableValue,
  isWhole,
  MAX_DEPTH,
  PRINTABLE,
} from "./plain-data.ts";
import { RUNTIME_VERSION, type RuntimeRequest } from "./runtime-definition.ts";
import type { ToolDescriptor, ToolExit } from "./tool-definition.ts";

/** One check for each member, so that a new one can't be forgotten. */
export type Checks<Form> = Readonly<Record<keyof Form, (value: unknown) => boolean>>;
type CommandAction = Extract<StepAction, { kind: "command" }>;
type EventKind = Extract<Condition, { kind: "event" }>["events"][number];
type RetriedOutcome = RetryPolicy["on"][number];

/** The longest that a timer of Node can wait: 24 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Names of axes, as GitHub takes them; they are also parts of variables and placeholders. */
export const AXIS_NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_-]*$/u;

export const EVENT_KINDS = namesOf<EventKind>({ manual: true, push: true, "pull-request": true, schedule: true });
export const RETRIED_OUTCOMES = namesOf<RetriedOutcome>({ failed: true, errored: true, "timed-out": true });

const evidenceFormats = new Set<unknown>(EVIDENCE_FORMATS);
const eventKinds = new Set<unknown>(EVENT_KINDS);
const retriedOutcomes = new Set<unknown>(RETRIED_OUTCOMES);

const STEP: Checks<StepDefinition> = {
  kind: (value: unknown) => value === "step",
  name: isText,
  action: isAction,
  needs: (value: unknown) => isRecordOf(value, isFilled, () => true),
  inputs: (value: unknown) => value === null || isListOf(value, isPath),
  outputs: (value: unknown) => isRecordOf(value, isFilled, isPath),
  env: (value: unknown) => isListOf(value, isVariableName),
  variables: (value: unknown) => isRecordOf(value, isVariableName, isVariableValue),
  secrets: (value: unknown) => isListOf(value, isVariableName),
  packages: (value: unknown) =>
    value === "none" || value === "production" || value === "all" || isListOf(value, isFilled),
  evidence: (value: unknown) => isListOf(value, isEvidence),
  timeoutMs: (value: unknown) => isWhole(value, 1, MAX_TIMER_MS),
  retry: (value: unknown) => value === null || hasExactly(value, RETRY),
  matrix: (value: unknown) => value === null || hasExactly(value, MATRIX),
  when: (value: unknown) => value === null || isCondition(value, 0),
  after: (value: unknown) => value === "success" || value === "failure" || value === "always",
  allowFailure: isBoolean,
  lock: (value: unknown) => value === null || isLabel(value),
  environment: (value: unknown) => value === null || isText(value),
  isSealing: isBoolean,
  tool: (value: unknown) => value === null || hasExactly(value, TOOL),
  validForMs: (value: unknown) => value === null || isWhole(value, 0, Number.MAX_SAFE_INTEGER),
  runtime: (value: unknown) => value === null || hasExactly(value, RUNTIME),
  isPerMachine: isBoolean,
};

const COMMAND: Checks<CommandAction> = { kind: isText, command: isFilled };
const CALL: Checks<FunctionAction> = { kind: isText, module: isFilled, export: isFilled, args: isJson };

const EVIDENCE: Checks<EvidenceSource> = {
  format: (value: unknown) => evidenceFormats.has(value),
  path: isPath,
  tool: isFilled,
  floorPercent: (value: unknown) => value === undefined || (isNumber(value) && value >= 0 && value <= 100),
  folder: (value: unknown) => value === undefined || isPath(value),
  logs: (value: unknown) => value === undefined || isListOf(value, isPath),
};

export const TOOL_EXITS = namesOf<ToolExit>({
  clean: true,
  findings: true,
  "no-tests": true,
  misconfigured: true,
  unreachable: true,
});
const toolExits = new Set<unknown>(TOOL_EXITS);

const TOOL: Checks<ToolDescriptor> = {
  name: isFilled,
  program: isFilled,
  install: isFilled,
  package: (value: unknown) => value === null || hasExactly(value, TOOL_PACKAGE),
  versions: (value: unknown) => value === null || isFilled(value),
  exits: (value: unknown) => isRecordOf(value, isFilled, (each) => toolExits.has(each)),
};
const TOOL_PACKAGE = {
  ecosystem: (value: unknown) => value === "npm" || value === "pypi",
  name: isFilled,
};

const RUNTIME: Checks<RuntimeRequest> = {
  name: (value: unknown) => value === "node" || value === "python",
  version: (value: unknown) => value === undefined || (isText(value) && RUNTIME_VERSION.test(value)),
  whenMissing: (value: unknown) => value === undefined || value === "warn" || value === "fail",
  isBare: (value: unknown) => value === undefined || isBoolean(value),
};

const RETRY: Checks<RetryPolicy> = {
  attempts: (value: unknown) => isWhole(value, 2, 20),
  delayMs: (value: unknown) => isWhole(value, 0, MAX_TIMER_MS),
  factor: (value: unknown) => isNumber(value) && value >= 1 && value <= 100,
  maxDelayMs: (value: unknown) => isWhole(value, 0, MAX_TIMER_MS),
  on: (value: unknown) => isFilledListOf(value, (each) => retriedOutcomes.has(each)),
  attemptTimeoutMs: (value: unknown) => value === null || isWhole(value, 1, MAX_TIMER_MS),
};

const MATRIX: Checks<Matrix> = {
  axes: (value: unknown) => isRecordOf(value, isAxisName, (values) => isFilledListOf(values, isMatrixValue)),
  include: (value: unknown) => isListOf(value, isMatrixEntry),
  exclude: (value: unknown) => isListOf(value, isMatrixEntry),
  failFast: isBoolean,
  maxParallel: (value: unknown) => value === null || isWhole(value, 1, Number.MAX_SAFE_INTEGER),
};

/** True for a step as `stepSchema` would have it; written by hand, because loading and running the schema takes longer. */
export function isStep(value: unknown): value is StepDefinition {
  return hasExactly(value, STEP);
}

/** Where a step of that name stands. */
export function placeOf(stage: string, name: string): string {
  return `${stage}["${name}"]`;
}

/** A short text that can be shown on one line. */
export function isLabel(value: unknown, most = 100): value is string {
  return isFilled(value) && value.length <= most && PRINTABLE.test(value);
}

function isAction(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  if (value["kind"] === "command") return hasExactly(value, COMMAND);
  return (value["kind"] === "function" || value["kind"] === "effect") && hasExactly(value, CALL);
}

function isEvidence(value: unknown): boolean {
  return hasExactly(value, EVIDENCE);
}

function isAxisName(value: unknown): boolean {
  return typeof value === "string" && AXIS_NAME.test(value);
}

function isMatrixValue(value: unknown): boolean {
  if (typeof value === "string") return value.length <= 100 && PRINTABLE.test(value);
  return isNumber(value) || isBoolean(value);
}

function isMatrixEntry(value: unknown): boolean {
  return isRecordOf(value, isAxisName, isMatrixValue) && Object.keys(value).length > 0;
}

function isCondition(value: unknown, depth: number): boolean {
  if (!isPlainObject(value) || depth > MAX_DEPTH / 4) return false;
  const isPart = (part: unknown): boolean => isCondition(part, depth + 1);
  const areParts = (parts: unknown): boolean => isFilledListOf(parts, isPart);
  switch (value["kind"]) {
    case "branch":
      return hasExactly(value, { kind: isText, patterns: (each) => isFilledListOf(each, (one) => isLabel(one, 250)) });
    case "event":
      return hasExactly(value, { kind: isText, events: (each) => isFilledListOf(each, (one) => eventKinds.has(one)) });
    case "not":
      return hasExactly(value, { kind: isText, condition: isPart });
    case "all":
    case "any":
      return hasExactly(value, { kind: isText, conditions: areParts });
    default:
      return false;
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** Every member of a union, once: the compiler misses none. */
function namesOf<Name extends string>(names: Readonly<Record<Name, true>>): readonly Name[] {
  return Object.keys(names) as Name[];
}
