import type { Json } from "../../base/json.ts";
import type { Problem } from "../../base/problem.ts";
import type { RecordedExchange } from "./recorded-exchange.ts";
import type { ServiceAnswer, ServiceCall } from "./service-call.ts";

export type GateName = "smoke" | "replay" | "baking";

/** What a gate found out. No data is `inconclusive`, never a pass. */
export interface GateFinding {
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly why: string;
  /** What failed, piece by piece; empty unless the verdict is `fail`. */
  readonly problems: readonly Problem[];
  /** What it was judged by, for the record and the report. */
  readonly figures: { readonly [name: string]: Json };
}

export interface GateJudgement extends GateFinding {
  /** True: inconclusive, and the policy does not let that through. */
  readonly isHeld: boolean;
}

export interface GateReport extends GateJudgement {
  readonly gate: GateName;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Judges green while it has no traffic yet. */
export interface SwitchGate {
  judge(green: GreenService): Promise<GateJudgement>;
}

/** A release in its slot, before it has traffic. */
export interface GreenService {
  readonly environment: string;
  readonly releaseId: string;
  /** Null: the release holds no model. */
  readonly modelDigest: string | null;
  /** Nothing was live before, so nothing can have been recorded. */
  readonly isFirst: boolean;
  readonly signal: AbortSignal;
  request(call: ServiceCall): Promise<ServiceAnswer>;
  /** The newest recorded requests of this environment, oldest first. */
  recordings(limit: number): Promise<readonly RecordedExchange[]>;
  /** The model that a deployment served; null when nobody knows, or when it had none. */
  modelOf(deploymentId: string): Promise<string | null>;
  /** What this release and the live one used at most since they started, in bytes; null: nobody can tell, or nothing is live. */
  peakMemory(): Promise<PeakMemory>;
  log(line: string): void;
}

export interface PeakMemory {
  readonly greenBytes: number | null;
  readonly blueBytes: number | null;
}
