import type { Json } from "../base/json.ts";
import type { FindingsEvidence } from "./finding.ts";
import type { CoverageEvidence, TestsEvidence } from "./test-evidence.ts";

export type * from "./finding.ts";
export type * from "./test-evidence.ts";

/** What a step proves. Plain data: it is stored in events, shown in reports, judged by gates. */
export type Evidence =
  | FindingsEvidence
  | TestsEvidence
  | CoverageEvidence
  | ValidationEvidence
  | ModelEvidence
  | GateEvidence
  | ReleaseEvidence
  | DeploymentEvidence
  | SmokeEvidence
  | BenchmarkEvidence
  | HealthEvidence;

export type Verdict = "promote" | "hold" | "reject" | "inconclusive";

export interface ValidationEvidence {
  readonly kind: "validation";
  readonly source: string;
  readonly readCount: number;
  readonly keptCount: number;
  readonly rejectedCount: number;
  readonly quarantinedCount: number;
  /** In the order in which the rules were applied. */
  readonly rules: readonly {
    readonly rule: string;
    readonly action: "reject" | "repair" | "quarantine" | "unlabelled";
    readonly rowCount: number;
  }[];
}

export interface RegressionMetrics {
  readonly rmse: number;
  readonly mae: number;
  readonly r2: number;
}

export interface ModelEvidence {
  readonly kind: "model";
  readonly algorithm: string;
  /** SHA-256 of the model file. */
  readonly digest: string;
  readonly featureSet: string;
  readonly split: string;
  readonly trainCount: number;
  readonly testCount: number;
  readonly metrics: RegressionMetrics;
  readonly baselines: readonly ({ readonly name: string } & RegressionMetrics)[];
  readonly slices: readonly {
    readonly by: string;
    readonly name: string;
    readonly count: number;
    readonly rmse: number;
    readonly mae: number;
    /** Mean of predicted − actual. */
    readonly bias: number;
  }[];
  readonly parameters: { readonly [name: string]: Json };
  readonly seed: number;
}

export interface GateEvidence {
  readonly kind: "gate";
  readonly subject: string;
  readonly verdict: Verdict;
  readonly checks: readonly {
    readonly name: string;
    readonly verdict: Verdict;
    readonly why: string;
  }[];
}

export interface ReleaseEvidence {
  readonly kind: "release";
  readonly releaseId: string;
  readonly digest: string;
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** The large parts, in bytes: runtime, packages, service, model. */
  readonly parts: readonly {
    readonly name: string;
    readonly fileCount: number;
    readonly sizeBytes: number;
  }[];
}

export interface DeploymentEvidence {
  readonly kind: "deployment";
  readonly environment: string;
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly previousReleaseId: string | null;
  readonly slot: string;
  readonly url: string;
  readonly isAlready: boolean;
  readonly who: string;
  readonly why: string;
  readonly approval: {
    readonly by: string;
    readonly how: string;
    readonly at: string;
    readonly why?: string;
  } | null;
  /** Left out by records of earlier versions, as are the next two. */
  readonly digest?: string;
  /** Null: unknown. */
  readonly commit?: string | null;
  readonly isRollback?: boolean;
  /** What the gates around the switch found out, oldest first; left out by records of earlier versions. */
  readonly gates?: readonly {
    readonly gate: string;
    readonly verdict: "pass" | "fail" | "inconclusive";
    readonly why: string;
    readonly at: string;
    /** What it was judged by. */
    readonly figures: { readonly [name: string]: Json };
  }[];
  /** Each state with the ISO time at which it was entered. */
  readonly transitions: readonly {
    readonly state: string;
    readonly at: string;
    readonly why: string;
  }[];
}

export interface SmokeEvidence {
  readonly kind: "smoke";
  readonly environment: string;
  readonly releaseId: string;
  readonly checks: readonly {
    readonly name: string;
    readonly isPassed: boolean;
    readonly detail: string;
    readonly durationMs: number;
  }[];
}

export interface LatencyFigures {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly requestsPerSecond: number;
}

export interface BenchmarkEvidence {
  readonly kind: "benchmark";
  readonly environment: string;
  readonly releaseId: string;
  readonly deploymentId: string;
  readonly request: string;
  readonly connectionCount: number;
  readonly requestCount: number;
  readonly errorCount: number;
  /** One entry a round; the round, not the request, is the unit of the statistics. */
  readonly rounds: readonly LatencyFigures[];
  /** Medians over the rounds. */
  readonly median: LatencyFigures;
  readonly comparison: {
    readonly against: string;
    readonly baseline: LatencyFigures;
    /** New over old median latency, with a 95 % bootstrap interval. */
    readonly ratio: number;
    readonly low: number;
    readonly high: number;
    readonly limit: number;
    readonly verdict: Verdict;
    readonly why: string;
  } | null;
}

export interface HealthEvidence {
  readonly kind: "health";
  readonly services: readonly {
    readonly name: string;
    readonly url: string;
    readonly isHealthy: boolean;
    readonly detail: string;
    readonly durationMs: number;
  }[];
}
