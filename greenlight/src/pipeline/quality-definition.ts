/** How what the tools say is judged, whatever the tool. */
export interface QualityPolicy {
  /** The file of known findings, relative to the project; `greenlight.baseline.json` when left out. */
  readonly baseline?: string;
  /** The first that matches a finding decides what it comes to; by none: an error fails, a warning warns, a note passes. */
  readonly rules?: readonly QualityRule[];
  readonly suppressions?: readonly Suppression[];
  /** What data that can't be reached come to; `warn` when left out. */
  readonly unreachable?: "warn" | "fail";
  /** What a test comes to that failed and passed with the same input; `warn` when left out. A flaky pass is kept only by `pass`. */
  readonly flaky?: "pass" | "warn" | "fail";
  readonly coverage?: {
    /** Lowest line coverage in percent of all, 0–100. */
    readonly floorPercent?: number;
    /** Lowest line coverage in percent of the lines that differ from `against`. */
    readonly changedLinesPercent?: number;
    /** A branch or commit; the default branch of the repository when left out. */
    readonly against?: string;
  };
}

/** Which findings: what is left out matches all. `paths` are globs relative to the project. */
export interface FindingPattern {
  readonly tool?: string;
  readonly rule?: string;
  readonly paths?: readonly string[];
}

export interface QualityRule extends FindingPattern {
  readonly level?: "error" | "warning" | "note";
  readonly outcome: "pass" | "warn" | "fail";
}

export interface Suppression extends FindingPattern {
  readonly reason: string;
  /** The last day on which it holds, `2027-01-31`; after it the findings count again, and are told with it. */
  readonly expires?: string;
}
