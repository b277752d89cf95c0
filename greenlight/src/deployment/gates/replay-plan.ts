import type { Json } from "../../base/json.ts";
import type { GoldenAnswer } from "./compare-answers.ts";
import { matchesPattern } from "./match-request.ts";
import type { RecordedExchange } from "./recorded-exchange.ts";
import type { ReplayPolicy } from "./replay-policy.ts";

/** A request that is sent to green. */
export interface ReplayRequest {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Null: nothing was recorded that green could be held to. */
  readonly recorded: GoldenAnswer | null;
  /** Who gave the recorded answer; null: a sample. */
  readonly deploymentId: string | null;
}

export interface ReplayPlan {
  readonly requests: readonly ReplayRequest[];
  readonly recordedCount: number;
  /** Recorded ones that are not sent, by reason. */
  readonly skipped: Readonly<Record<"unsafe" | "redacted" | "failed" | "repeated", number>>;
}

/** Which requests to send: the newest of each kind first, samples before all. Pure. */
export function planReplay(recordings: readonly RecordedExchange[], policy: ReplayPolicy): ReplayPlan {
  const requests = new Map<string, ReplayRequest>();
  const skipped = { unsafe: 0, redacted: 0, failed: 0, repeated: 0 };
  const add = (request: Omit<ReplayRequest, "id">): void => {
    const key = `${request.method} ${request.path} ${request.body ?? ""}`;
    if (requests.has(key)) skipped.repeated += 1;
    else if (requests.size < policy.limit) requests.set(key, { ...request, id: String(requests.size + 1) });
  };
  for (const { method, path, body } of policy.samples) {
    const headers: Readonly<Record<string, string>> = body === null ? {} : { "content-type": "application/json" };
    const text = body === null ? null : JSON.stringify(body);
    add({ method, path, headers, body: text, recorded: null, deploymentId: null });
  }
  for (const exchange of recordings.toReversed()) {
    const { method, path, headers, body, deploymentId } = exchange;
    if (!policy.requests.some((pattern) => matchesPattern(pattern, method, path))) skipped.unsafe += 1;
    else if (exchange.isRedacted) skipped.redacted += 1;
    // What blue failed at is no golden answer.
    else if (exchange.answer.status >= 500) skipped.failed += 1;
    else add({ method, path, headers, body, recorded: goldenAnswer(exchange), deploymentId });
  }
  return { requests: [...requests.values()], recordedCount: recordings.length, skipped };
}

function goldenAnswer({ answer }: RecordedExchange): GoldenAnswer {
  const { status, contentType, body, isRedacted } = answer;
  const value = body === null ? undefined : contentType.includes("json") ? parse(body) : body;
  return { status, body: value, isSubset: false, isRedacted };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
