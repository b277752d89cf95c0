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
  /** Suppressions that speak of this tool and matched nothing in this report; left out: none, or nothing is known of it. */
  readonly unmatched?: readonly UnmatchedSuppression[];
}

export interface UnmatchedSuppression {
  /** Its place in `quality.suppressions`. */
  readonly index: number;
  /** What it matches, in words: "B101 of bandit in tests". */
  readonly matches: string;
  readonly reason: string;
  readonly expires?: string;
  /** How many reports of the project could hold a match. When none of them does, it is idle. */
  readonly reportCount: number;
}
