import type {
  CodeHostDescriptor,
  ConcurrencyGroup,
  EnvironmentDefinition,
  PipelineDefinition,
  ProjectDefinition,
  StoreDescriptor,
  TargetDescriptor,
} from "./definition.ts";
import { GATES } from "./gates-form.ts";
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
} from "./plain-data.ts";
import { isQuality } from "./quality-form.ts";
import { isRetention } from "./retention-form.ts";
import { isLabel, type Checks } from "./step-form.ts";

export const PROJECT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/u;
export const ENVIRONMENT_NAME = /^[a-z0-9][a-z0-9-]{0,30}$/u;
export const EXPIRY = /^\d+(m|h|d)$/u;

/** An Ed25519 key as base64 SPKI: twelve bytes that say so (RFC 8410) and the 32 of the key. */
export const PUBLIC_KEY = /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/u;

const PROJECT: Checks<ProjectDefinition> = {
  kind: (value: unknown) => value === "project",
  name: (value: unknown) => matches(value, PROJECT_NAME),
  environments: (value: unknown) =>
    isRecordOf(
      value,
      (name) => matches(name, ENVIRONMENT_NAME),
      (each) => hasExactly(each, ENVIRONMENT),
    ),
  pipelines: (value: unknown) =>
    isRecordOf(
      value,
      (name) => matches(name, PROJECT_NAME),
      (each) => hasExactly(each, PIPELINE),
    ),
  secrets: (value: unknown) => isRecordOf(value, isVariableName, isEnvironmentSecret),
  store: (value: unknown) => value === null || hasExactly(value, STORE),
  codeHost: (value: unknown) => value === null || hasExactly(value, CODE_HOST),
  quality: (value: unknown) => value === null || isQuality(value),
  retention: (value: unknown) => value === null || isRetention(value),
};

const ENVIRONMENT: Checks<EnvironmentDefinition> = {
  ...GATES,
  target: (value: unknown) => hasExactly(value, TARGET),
  branches: (value: unknown) => isListOf(value, isFilled),
  approval: (value: unknown) => value === undefined || hasExactly(value, APPROVAL),
  configuration: (value: unknown) => value === undefined || isRecordOf(value, isVariableName, isVariableValue),
  secrets: (value: unknown) => value === undefined || isRecordOf(value, isVariableName, isEnvironmentSecret),
};

const TARGET: Checks<TargetDescriptor> = {
  kind: isFilled,
  module: isFilled,
  isLocal: (value: unknown) => typeof value === "boolean",
  options,
};
const APPROVAL = { expiresAfter: (value: unknown) => value === undefined || matches(value, EXPIRY) };
const STORE: Checks<StoreDescriptor> = {
  kind: isFilled,
  module: isFilled,
  options,
  publicKey: (value: unknown) => matches(value, PUBLIC_KEY),
};
const CODE_HOST: Checks<CodeHostDescriptor> = { kind: isFilled, module: isFilled, options };

const PIPELINE: Checks<PipelineDefinition> = {
  kind: (value: unknown) => value === "pipeline",
  on: (value: unknown) => isListOf(value, isTrigger),
  stages: (value: unknown) => isRecordOf(value, isFilled, Array.isArray),
  finally: Array.isArray,
  concurrency: (value: unknown) => value === null || hasExactly(value, CONCURRENCY),
};

const SCHEDULE = { kind: isFilled, cron: isFilled };
const PUSH = {
  kind: isFilled,
  branches: (value: unknown) => isListOf(value, (each) => typeof each === "string"),
};

const CONCURRENCY: Checks<ConcurrencyGroup> = {
  group: (value: unknown) => isLabel(value),
  whenBusy: (value: unknown) => value === "queue" || value === "cancel-older",
};

/** True for a project as `projectSchema` would have it, its steps apart; by hand for the reason that `isStep` is. */
export function isProject(value: unknown): value is ProjectDefinition {
  return hasExactly(value, PROJECT);
}

function isTrigger(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const { kind } = value;
  if (kind === "schedule") return hasExactly(value, SCHEDULE);
  return (kind === "push" || kind === "pull-request") && hasExactly(value, PUSH);
}

function isSecretSource(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  switch (value["from"]) {
    case "environment":
      return hasExactly(value, { from: isFilled, variable: (each) => each === undefined || isVariableName(each) });
    case "file":
      return hasExactly(value, { from: isFilled, path: (each) => isPath(each) && isVariableValue(each) });
    case "command":
      return hasExactly(value, {
        from: isFilled,
        command: (each) => isFilledListOf(each, isVariableValue) && isFilled(each[0]),
      });
    default:
      return false;
  }
}

function isEnvironmentSecret(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const { isOptional = false, ...source } = value;
  return typeof isOptional === "boolean" && isSecretSource(source);
}

function options(value: unknown): boolean {
  return isRecordOf(value, isFilled, isJson);
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}
