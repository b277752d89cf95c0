import type { Json } from "../base/json.ts";

/** What the router of an environment records of its requests and their answers. What is not named is never recorded. */
export interface RecordDefinition {
  /** `*` in a path stands for any text without a slash, `**` for any text; the query does not count. */
  readonly requests: readonly RequestPattern[];
  /** The share of these requests, 0–1; 1 when left out. */
  readonly share?: number;
  /** 5 when left out. */
  readonly perSecond?: number;
  /** Of a request, and of an answer; larger ones are not recorded. 16 KiB when left out. */
  readonly bodyLimitBytes?: number;
  /** Of all that is kept, the oldest go first. 16 MiB when left out. */
  readonly totalLimitBytes?: number;
  /** Names of JSON fields, headers and query parameters that hold secrets, besides the usual ones. */
  readonly redact?: readonly string[];
  /** Further request headers that the service needs. */
  readonly headers?: readonly string[];
}

export interface RequestPattern {
  readonly method: RequestMethod;
  readonly path: string;
}

export type RequestMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** When a new release counts as started. How long it may take is the target's `startTimeoutMs`. */
export interface HealthDefinition {
  /** Good answers of its ready path, one after the other; 3 when left out. */
  readonly inARow?: number;
}

/** What a new release must answer before it gets traffic. */
export interface ReplayDefinition {
  /** Recorded requests that may be sent again, because they change nothing. */
  readonly requests: readonly RequestPattern[];
  /** Requests that are always sent, besides the recorded ones; only a scorer says what must be answered. */
  readonly samples?: readonly { readonly method: RequestMethod; readonly path: string; readonly body?: Json }[];
  /**
   * The offline model: a shell line, run in the project's folder with MODEL_PATH. It reads one request a line
   * (`{ id, method, path, body }`) and writes one answer a line (`{ id, status?, body }`); fields that it leaves out are not
   * compared, nor are requests that it does not answer. Left out: a release with the same model must answer as was recorded.
   */
  readonly score?: { readonly run: string; readonly timeoutMs?: number };
  /** Requests at most; 100 when left out. */
  readonly limit?: number;
  /** Answers compared that a verdict needs; 10 when left out. */
  readonly minimum?: number;
  /** Two numbers that differ by no more are the same; 1e-6 when left out. */
  readonly tolerance?: number;
  /** Fields that may differ, by name or dotted path, besides predictionId, batchId, requestId and releaseId. */
  readonly ignore?: readonly string[];
  /** For one answer; 5000 when left out. */
  readonly timeoutMs?: number;
  /** What 95 % of the answers may take; left out: whatever they like. */
  readonly p95Ms?: number;
  /** Of the memory (1024² bytes) that the release may have used at most when it has answered; left out: by `memoryRatio`. */
  readonly memoryMb?: number;
  /** How many times as much memory as the live release ever used; left out: 2. */
  readonly memoryRatio?: number;
  /** What too little data means: `hold` (when left out) keeps the release from traffic, `warn` lets it through. */
  readonly whenInconclusive?: "hold" | "warn";
}

/** By what a release that has the traffic is judged. */
export interface BakingDefinition {
  /** Requests of users that tell anything; 20 when left out. */
  readonly minimumRequests?: number;
  /** 5 when left out. */
  readonly maximumErrorPercent?: number;
  /** Percentage points above the release before; 2 when left out. */
  readonly errorRisePercent?: number;
  /** The 95th percentile over that of the release before; 3 when left out. */
  readonly latencyRatio?: number;
  /** A rise by less is none; 100 when left out. */
  readonly latencyFloorMs?: number;
  /** True: Greenlight's own probes alone are no traffic to judge by. */
  readonly needsTraffic?: boolean;
  /** How much longer a release without a verdict is watched; 5000 when left out. */
  readonly extendMs?: number;
  /** What no verdict means then: `hold` (when left out) takes the release back, `warn` lets it stay. */
  readonly whenInconclusive?: "hold" | "warn";
}
