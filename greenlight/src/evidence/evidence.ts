import type { Json } from "../base/json.ts";

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

export interface Finding {
  readonly rule: string;
  readonly level: "error" | "warning" | "note";
  readonly message: string;
  /** Path relative to the project, with forward slashes; null when the tool names none. */
  readonly file: string | null;
  readonly line: number | null;
  /** 1 is the first; in UTF-16 units where the tool says nothing else. */
  readonly column?: number;
  readonly endLine?: number;
  /** The first column behind the finding. */
  readonly endColumn?: number;
  /** The page that explains the rule: an `https:` or `http:` address. */
  readonly helpUri?: string;
  /** The line's source, shortened and masked. A reader sets null where it must not be shown: it holds a secret. */
  readonly snippet?: string | null;
  /** See `Fingerprints`. Given by the engine, as are the next three. */
  readonly fingerprint?: string;
  /** False: the baseline knows it. Left out where there is no baseline. */
  readonly isNew?: boolean;
  /** What the policy's rules make of it, baseline and suppressions aside. */
  readonly outcome?: "pass" | "warn" | "fail";
  /** Why it does not count. */
  readonly suppression?: { readonly reason: string; readonly expires?: string };
}

export interface LevelCounts {
  readonly error: number;
  readonly warning: number;
  readonly note: number;
}

export interface FindingsEvidence {
  readonly kind: "findings";
  readonly tool: string;
  /** How many files or units the tool looked at, when it says so. */
  readonly checkedCount: number | null;
  readonly findings: readonly Finding[];
  /** The number before `findings` was cut to its bound. */
  readonly findingCount: number;
  /** True: the tool could not get what it judges by (advisory data, a server), so that its silence proves nothing. */
  readonly isInconclusive?: boolean;
  /** Why it is inconclusive. */
  readonly why?: string;
  /** The report's path, relative to the project; given by the engine, as is all that follows. */
  readonly report?: string;
  /** Of all findings, also of those that were cut. */
  readonly levels?: LevelCounts;
  /** Only where `findings` was cut: how many each file has in all, by path; at most 2,000 files, those with the most. */
  readonly files?: readonly { readonly path: string | null; readonly count: number }[];
  readonly judged?: FindingsJudgement;
}

/** What policy, baseline and suppressions made of all findings of one report. */
export interface FindingsJudgement {
  /** Findings that count, by the level that the tool gave them. */
  readonly failed: LevelCounts;
  readonly warned: LevelCounts;
  /** Known to the baseline; null: there is none. */
  readonly knownCount: number | null;
  readonly suppressedCount: number;
  /** Entries of the baseline that this report no longer has. */
  readonly vanishedCount: number;
  readonly vanished: readonly {
    readonly rule: string;
    readonly file: string | null;
    readonly message: string;
  }[];
  /** Suppressions whose last day is over, with the findings that count again. */
  readonly expired: readonly { readonly reason: string; readonly expires: string; readonly count: number }[];
}

export interface TestsEvidence {
  readonly kind: "tests";
  readonly tool: string;
  readonly passedCount: number;
  readonly failedCount: number;
  readonly skippedCount: number;
  readonly durationMs: number;
  readonly failures: readonly {
    readonly name: string;
    readonly file: string | null;
    readonly message: string;
  }[];
  readonly slowest: readonly { readonly name: string; readonly durationMs: number }[];
  /** Tests that failed and passed with the same input; left out: none is known. They count as passed. */
  readonly flaky?: readonly FlakyTest[];
  /** The number before `flaky` was cut to its bound. */
  readonly flakyCount?: number;
  /** What a flaky pass came to, by the project's policy; left out: `warn`. */
  readonly flakyOutcome?: "pass" | "warn" | "fail";
  /** Only of tests that failed: the ends of the logs of what they ran against. */
  readonly logs?: readonly { readonly path: string; readonly tail: string }[];
}

export interface FlakyTest {
  readonly name: string;
  readonly file: string | null;
  /** What it failed with. */
  readonly message: string;
  /** Told by the runner, which ran it again; by another attempt of the step; by an earlier run with the same manifest. */
  readonly by: "rerun" | "retry" | "history";
}

export interface CoverageCount {
  readonly coveredCount: number;
  readonly totalCount: number;
}

export interface CoverageEvidence {
  readonly kind: "coverage";
  readonly lines: CoverageCount;
  readonly branches: CoverageCount;
  readonly functions: CoverageCount;
  /** Lowest line coverage that passes, 0–100; null when none is set. */
  readonly floorPercent: number | null;
  readonly files: readonly FileCoverage[];
  /** The number before `files` was cut to its bound; left out: it was not. */
  readonly fileCount?: number;
  /** Files of the report that are not in the project or lie outside it. They count nowhere. */
  readonly strangers?: { readonly count: number; readonly paths: readonly string[] };
  /** The steps whose reports were merged; left out: it is one report. */
  readonly mergedFrom?: readonly string[];
  /** True: some of what was merged is only counted, so that more may be covered. */
  readonly isLowerBound?: boolean;
  /** How much of what changed is covered; left out: nobody asked. */
  readonly changed?: ChangedCoverage;
}

export interface FileCoverage {
  readonly path: string;
  readonly lines: CoverageCount;
  readonly branches?: CoverageCount;
  readonly functions?: CoverageCount;
  /** The lines that ran and those that did not, as `1-4,7`; left out: the report only counts them. */
  readonly hit?: string;
  readonly missed?: string;
}

export type ChangedCoverage =
  | {
      readonly isKnown: true;
      /** What it was compared with: a branch and the commit where it parted. */
      readonly against: string;
      readonly lines: CoverageCount;
      readonly floorPercent: number | null;
      /** Where changed lines are not covered. */
      readonly files: readonly { readonly path: string; readonly lines: CoverageCount; readonly missed: string }[];
    }
  | {
      readonly isKnown: false;
      readonly against: string;
      readonly why: string;
      readonly floorPercent: number | null;
    };

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
