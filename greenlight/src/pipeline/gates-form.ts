import type {
  BakingDefinition,
  HealthDefinition,
  RecordDefinition,
  ReplayDefinition,
  RequestPattern,
} from "./gates-definition.ts";
import { hasExactly, isFilled, isFilledListOf, isJson, isListOf, isWhole } from "./plain-data.ts";
import { MAX_TIMER_MS, type Checks } from "./step-form.ts";

export const REQUEST_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
export const INCONCLUSIVE_POLICIES = ["hold", "warn"] as const;
/** A path of a service, perhaps with stars in it. */
export const SERVICE_PATH = /^\/[^\s#\\]*$/u;
export const SERVICE_PATH_LENGTH = 500;
export const NAMES_LIMIT = 200;

/** Least and most of each number, both allowed. */
export const HEALTH_WHOLES = { inARow: [1, 1000] } as const;
export const RECORD_NUMBERS = { share: [0, 1], perSecond: [0.01, 1000] } as const;
export const RECORD_WHOLES = { bodyLimitBytes: [1, 2 ** 20], totalLimitBytes: [2 ** 16, 2 ** 30] } as const;
export const REPLAY_NUMBERS = {
  tolerance: [0, 1e9],
  p95Ms: [0.1, 60_000],
  memoryMb: [1, 1e7],
  memoryRatio: [0.1, 1000],
} as const;
export const REPLAY_WHOLES = { limit: [1, 2000], minimum: [1, 2000], timeoutMs: [10, 60_000] } as const;
export const BAKING_NUMBERS = {
  maximumErrorPercent: [0, 100],
  errorRisePercent: [0, 100],
  latencyRatio: [1, 1000],
  latencyFloorMs: [0, 60_000],
} as const;
export const BAKING_WHOLES = { minimumRequests: [1, 1_000_000], extendMs: [0, 86_400_000] } as const;

type Bounds = Readonly<Record<string, readonly [number, number]>>;
type Check = (value: unknown) => boolean;

const PATTERN: Checks<RequestPattern> = { method: isMethod, path: isServicePath };
const SAMPLE = { method: isMethod, path: isServicePath, body: optional(isJson) };
const SCORE = { run: isFilled, timeoutMs: optional((value) => isWhole(value, 1, MAX_TIMER_MS)) };
const whenInconclusive = optional((value) => value === "hold" || value === "warn");

export const HEALTH: Checks<HealthDefinition> = wholes(HEALTH_WHOLES);
export const RECORD: Checks<RecordDefinition> = {
  ...numbers(RECORD_NUMBERS),
  ...wholes(RECORD_WHOLES),
  requests: (value) => isFilledListOf(value, isPattern) && value.length <= NAMES_LIMIT,
  redact: optional(areNames),
  headers: optional(areNames),
};
export const REPLAY: Checks<ReplayDefinition> = {
  ...numbers(REPLAY_NUMBERS),
  ...wholes(REPLAY_WHOLES),
  requests: (value) => isListOf(value, isPattern) && value.length <= NAMES_LIMIT,
  samples: optional((value) => isListOf(value, (each) => hasExactly(each, SAMPLE)) && value.length <= NAMES_LIMIT),
  score: optional((value) => hasExactly(value, SCORE)),
  ignore: optional(areNames),
  whenInconclusive,
};
export const BAKING: Checks<BakingDefinition> = {
  ...numbers(BAKING_NUMBERS),
  ...wholes(BAKING_WHOLES),
  needsTraffic: optional((value) => typeof value === "boolean"),
  whenInconclusive,
};

/** The members of an environment that are about its gates; by hand for the reason that `isStep` is. */
export const GATES = {
  health: optional((value) => hasExactly(value, HEALTH)),
  record: optional((value) => hasExactly(value, RECORD)),
  replay: optional((value) => hasExactly(value, REPLAY)),
  baking: optional((value) => hasExactly(value, BAKING)),
};

function isPattern(value: unknown): boolean {
  return hasExactly(value, PATTERN);
}

function isMethod(value: unknown): boolean {
  return (REQUEST_METHODS as readonly unknown[]).includes(value);
}

function isServicePath(value: unknown): boolean {
  return typeof value === "string" && value.length <= SERVICE_PATH_LENGTH && SERVICE_PATH.test(value);
}

function areNames(value: unknown): boolean {
  return isListOf(value, isFilled) && value.length <= NAMES_LIMIT;
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function numbers<Names extends Bounds>(bounds: Names): Record<keyof Names, Check> {
  return eachOf(bounds, (value, least, most) => typeof value === "number" && value >= least && value <= most);
}

function wholes<Names extends Bounds>(bounds: Names): Record<keyof Names, Check> {
  return eachOf(bounds, isWhole);
}

function eachOf<Names extends Bounds>(
  bounds: Names,
  check: (value: unknown, least: number, most: number) => boolean,
): Record<keyof Names, Check> {
  const checks = Object.entries(bounds).map(([name, [least, most]]) => [
    name,
    optional((value) => check(value, least, most)),
  ]);
  return Object.fromEntries(checks) as Record<keyof Names, Check>;
}
