import type { Problem } from "../base/problem.ts";
import type { RunView } from "../engine/run-view.ts";
import { cutText } from "../evidence/bounds.ts";
import type { Finding } from "../evidence/evidence.ts";
import { isCounted } from "../evidence/findings.ts";
import { describeIdle } from "../evidence/idle-suppressions.ts";
import { howFlaky } from "../evidence/judge-tests.ts";
import { proofsOf } from "../report/proof.ts";

const MOST_FILES = 10;
const MOST_A_FILE = 5;
const MOST_TEXT = 160;

interface Shown {
  readonly tool: string;
  readonly finding: Finding;
}

/**
 * What the tools found, file by file, as a run that did not simply pass ends with it: what fails first, then what warns, new before
 * known; bounded, with the number of those that are left out. Empty when nothing counts.
 */
export function findingLines(view: RunView): readonly string[] {
  const proofs = proofsOf(view, "findings");
  const shown = proofs.flatMap(({ evidence }) =>
    evidence.findings.map((finding) => ({ tool: evidence.tool, finding })),
  );
  const counted = shown.filter(({ finding }) => severityOf(finding) < PASSED);
  if (counted.length === 0) return [];
  const sorted = counted.toSorted((left, right) => severityOf(left.finding) - severityOf(right.finding));
  const files = [...Map.groupBy(sorted, ({ finding }) => finding.file)];
  const lines = files.slice(0, MOST_FILES).flatMap(([file, own]) => fileLines(file, own));
  const total = proofs.reduce((sum, { evidence }) => sum + countedIn(evidence), 0);
  const told = files.slice(0, MOST_FILES).reduce((sum, [, own]) => sum + own.length, 0);
  const more = total - told;
  return more > 0 ? [...lines, `  … and ${more} more in other files`] : lines;
}

/** The flaky tests of a run with their rates, bounded; empty when there are none. */
export function flakyTestLines(view: RunView): readonly string[] {
  const all = proofsOf(view, "tests").flatMap(({ evidence }) => evidence.flaky ?? []);
  const shown = all.slice(0, MOST_FILES).map(({ file, name, message, ...how }) => {
    const place = file === null ? "" : `${file}: `;
    return `  flaky       ${place}${name}: ${howFlaky(how)}; it failed with: ${cutText(message.split("\n", 1)[0] ?? "", MOST_TEXT)}`;
  });
  return all.length > shown.length ? [...shown, `  … and ${all.length - shown.length} more flaky tests`] : shown;
}

/** What of suppressions and baseline could be taken back; see `describeIdle`. */
export function idleNotices(view: RunView): readonly Problem[] {
  return describeIdle(proofsOf(view, "findings").map(({ evidence }) => evidence));
}

const PASSED = 2;

/** 0 fails, 1 warns, 2 is of no account now. */
function severityOf(finding: Finding): number {
  if (!isCounted(finding)) return PASSED;
  const outcome =
    finding.outcome ?? (finding.level === "error" ? "fail" : finding.level === "warning" ? "warn" : "pass");
  return outcome === "fail" ? 0 : outcome === "warn" ? 1 : PASSED;
}

function countedIn(evidence: { readonly findings: readonly Finding[]; readonly judged?: Judged }): number {
  const { judged, findings } = evidence;
  if (judged === undefined) return findings.filter((finding) => severityOf(finding) < PASSED).length;
  return [judged.failed, judged.warned].reduce((sum, each) => sum + each.error + each.warning + each.note, 0);
}

type Judged = Readonly<Record<"failed" | "warned", Readonly<Record<Finding["level"], number>>>>;

function fileLines(file: string | null, own: readonly Shown[]): readonly string[] {
  const shown = own.slice(0, MOST_A_FILE).toSorted((left, right) => order(left) - order(right));
  const lines = shown.map(({ tool, finding }) => {
    const { line, column, level, rule, message, isNew } = finding;
    const at = line === null ? "" : column === undefined ? String(line) : `${line}:${column}`;
    const novelty = isNew === true ? "new " : "";
    return `    ${at.padEnd(7)} ${`${novelty}${level}`.padEnd(11)} ${message.split("\n", 1)[0] ?? ""}  ${tool} ${rule}`;
  });
  const more = own.length - shown.length;
  return [`  ${file ?? "no file named"}`, ...lines, ...(more > 0 ? [`    … and ${more} more in this file`] : [])];
}

/** What fails before what warns, then down the file. */
function order({ finding }: Shown): number {
  return severityOf(finding) * 1e9 + Math.min(finding.line ?? 0, 1e8);
}
