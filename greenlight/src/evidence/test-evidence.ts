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
  /** In how many of the last kept runs of its step it was so, this one included; left out: these are not known. */
  readonly rate?: { readonly flakyCount: number; readonly runCount: number };
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
