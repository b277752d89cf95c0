import type { Suppression } from "../pipeline/quality-definition.ts";
import { MAX_ENTRIES } from "./bounds.ts";
import type { Finding, FindingsEvidence, FindingsJudgement } from "./evidence.ts";
import { cleanFinding, isCounted } from "./findings.ts";
import { Fingerprints } from "./fingerprint.ts";
import { unmatchedSuppressions } from "./idle-suppressions.ts";
import { judgeFinding, type FindingStandard, type JudgedFinding } from "./judge-finding.ts";
import { sourceSnippet } from "./source-snippet.ts";

const MAX_FILES = 2000;
const MAX_TOLD = 20;
const LEVELS = ["error", "warning", "note"] as const;
const OUTCOMES = ["fail", "warn", "pass"] as const;

export interface GatherOptions {
  readonly tool: string;
  /** The report's path, relative to the project. */
  readonly report: string;
  readonly standard: FindingStandard;
  /** The text of a line; null when it can't be read. */
  lineOf(file: string, line: number): string | null;
  /** False for reports on secrets: the line would show them. */
  readonly showsSource: boolean;
  /** Takes secrets out of what is kept. */
  mask(finding: JudgedFinding): JudgedFinding;
  /** Called with every finding, in the order of the report. */
  keep(finding: JudgedFinding): void;
}

/** Judges the findings of one report one by one, counts all of them, and holds only those that evidence keeps. */
export class FindingsGatherer {
  readonly #options: GatherOptions;
  readonly #fingerprints: Fingerprints;
  /** By rank, the worst first; each bounded. */
  readonly #kept: JudgedFinding[][] = [];
  readonly #levels = noCounts();
  readonly #failed = noCounts();
  readonly #warned = noCounts();
  readonly #files = new Map<string | null, number>();
  readonly #expired = new Map<Suppression, number>();
  readonly #matched = new Set<Suppression>();
  readonly #known = new Set<string>();
  #count = 0;
  #knownCount = 0;
  #suppressedCount = 0;

  constructor(options: GatherOptions) {
    this.#options = options;
    this.#fingerprints = new Fingerprints(options.tool);
  }

  add(found: Finding): void {
    const { tool, standard, showsSource } = this.#options;
    const clean = cleanFinding(found);
    const line = clean.file === null || clean.line === null ? null : this.#options.lineOf(clean.file, clean.line);
    const { snippet: given, ...rest } = clean;
    const snippet = given === null || !showsSource ? null : sourceSnippet(given ?? line ?? "");
    const fingerprint = this.#fingerprints.of(clean, line);
    const named = { ...rest, fingerprint, ...(snippet === null ? {} : { snippet }) };
    const { finding, expired, matching } = judgeFinding(named, tool, standard);
    for (const each of matching) this.#matched.add(each);
    if (expired !== null) this.#expired.set(expired, (this.#expired.get(expired) ?? 0) + 1);
    this.#tally(finding, fingerprint);
    const masked = this.#options.mask(finding);
    const bucket = (this.#kept[rankOf(finding)] ??= []);
    if (bucket.length < MAX_ENTRIES) bucket.push(masked);
    this.#options.keep(masked);
  }

  /** The evidence of all findings that were added; `rest` is what the report says besides. */
  finish(rest: FindingsEvidence): FindingsEvidence {
    const findings = this.#kept.flat().slice(0, MAX_ENTRIES);
    const files = [...this.#files].toSorted(([left, one], [right, other]) => other - one || order(left, right));
    const isCut = this.#count > findings.length;
    return {
      ...rest,
      findings,
      findingCount: this.#count,
      report: this.#options.report,
      levels: this.#levels,
      ...(isCut ? { files: files.slice(0, MAX_FILES).map(([path, count]) => ({ path, count })) } : {}),
      judged: this.#judgement(rest.isInconclusive === true),
    };
  }

  #tally(finding: JudgedFinding, fingerprint: string): void {
    this.#count += 1;
    this.#levels[finding.level] += 1;
    this.#files.set(finding.file, (this.#files.get(finding.file) ?? 0) + 1);
    if (finding.isNew === false) this.#known.add(fingerprint);
    if (finding.suppression !== undefined) this.#suppressedCount += 1;
    else if (finding.isNew === false) this.#knownCount += 1;
    else if (finding.outcome === "fail") this.#failed[finding.level] += 1;
    else if (finding.outcome === "warn") this.#warned[finding.level] += 1;
  }

  #judgement(isInconclusive: boolean): FindingsJudgement {
    const { tool, standard } = this.#options;
    const { baseline } = standard;
    const unmatched = isInconclusive ? [] : unmatchedSuppressions({ tool, standard, matched: this.#matched });
    // What a tool without its data does not find is not gone.
    const vanished = isInconclusive
      ? []
      : (baseline?.entries ?? []).filter(
          ({ report, fingerprint }) => report === this.#options.report && !this.#known.has(fingerprint),
        );
    return {
      failed: this.#failed,
      warned: this.#warned,
      knownCount: baseline === null ? null : this.#knownCount,
      suppressedCount: this.#suppressedCount,
      vanishedCount: vanished.length,
      vanished: vanished.slice(0, MAX_TOLD).map(({ rule, file, message }) => ({ rule, file, message })),
      expired: [...this.#expired]
        .slice(0, MAX_TOLD)
        .map(([{ reason, expires }, count]) => ({ reason, expires: expires ?? "", count })),
      ...(unmatched.length === 0 ? {} : { unmatched }),
    };
  }
}

/** What counts comes before what does not, what fails before what warns, errors before notes. */
function rankOf(finding: JudgedFinding): number {
  const group = isCounted(finding)
    ? OUTCOMES.indexOf(finding.outcome)
    : finding.suppression === undefined
      ? OUTCOMES.length
      : OUTCOMES.length + 1;
  return group * LEVELS.length + LEVELS.indexOf(finding.level);
}

function noCounts(): Record<Finding["level"], number> {
  return { error: 0, warning: 0, note: 0 };
}

function order(left: string | null, right: string | null): number {
  return (left ?? "") < (right ?? "") ? -1 : 1;
}
