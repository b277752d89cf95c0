import type { Json } from "../../base/json.ts";
import type { AnswerRule } from "./compare-answers.ts";
import type { RequestPattern } from "./recorded-exchange.ts";

/** What is sent to green before it gets traffic, and by what its answers are judged. */
export interface ReplayPolicy extends AnswerRule {
  /** Recorded requests that may be sent again, because they change nothing. All others never are. */
  readonly requests: readonly RequestPattern[];
  /** Requests that are always sent, besides the recorded ones. Only an offline model can say what must be answered. */
  readonly samples: readonly ReplaySample[];
  /** Of distinct requests. */
  readonly limit: number;
  /** Answers compared that a verdict needs. */
  readonly minimum: number;
  /** For one answer. */
  readonly timeoutMs: number;
  /** What 95 % of the answers may take; null: whatever they like. */
  readonly p95Ms: number | null;
  /** What the release and all that it starts may have used at most by the end, in units of 1024² bytes; null: by `memoryRatio`. */
  readonly memoryMb: number | null;
  /** How many times as much as the live release ever used; it counts where `memoryMb` is null and something is live. */
  readonly memoryRatio: number;
  readonly whenInconclusive: "hold" | "warn";
}

export interface ReplaySample {
  readonly method: string;
  readonly path: string;
  readonly body: Json | null;
}
