import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import { cutText } from "./bounds.ts";
import type { Finding } from "./evidence.ts";

/** The committed list of findings that are known, so that only new ones count. */
export interface Baseline {
  /** In the order of the file: by file, tool, rule, message, report, fingerprint. */
  readonly entries: readonly BaselineEntry[];
  readonly fingerprints: ReadonlySet<string>;
}

export interface BaselineEntry {
  readonly file: string | null;
  readonly tool: string;
  readonly rule: string;
  readonly message: string;
  /** The report that had it. When that one comes without it, it is gone. */
  readonly report: string;
  readonly fingerprint: string;
}

export const DEFAULT_BASELINE = "greenlight.baseline.json";
/** In UTF-16 units; some two hundred thousand findings. */
export const MAX_BASELINE = 64 * 1024 * 1024;

/** What a finding of a report is in the baseline; null for one without a fingerprint. */
export function entryOf(
  finding: Finding,
  of: { readonly tool: string; readonly report: string },
): BaselineEntry | null {
  const { file, rule, fingerprint } = finding;
  if (fingerprint === undefined) return null;
  const message = cutText((finding.message.split("\n", 1)[0] ?? "").replace(/\s+/g, " "), 200);
  return { file, tool: of.tool, rule, message, report: of.report, fingerprint };
}

/** Entries in the order of the file, each once. */
export function sortEntries(entries: Iterable<BaselineEntry>): readonly BaselineEntry[] {
  const byKey = new Map([...entries].map((entry) => [keyOf(entry), entry]));
  return [...byKey.values()].toSorted(compareEntries);
}

/** The same finding of the same report. */
export function keyOf({ fingerprint, report }: BaselineEntry): string {
  return `${fingerprint} ${report}`;
}

/** The file's text: sorted, one member a line, so that its difference can be read and merged. */
export function formatBaseline(entries: Iterable<BaselineEntry>): string {
  return `${JSON.stringify({ schema: 1, findings: sortEntries(entries) }, null, 2)}\n`;
}

/** Reads the file's text. BASELINE_UNREADABLE says where it is damaged: then nothing counts as known, nor as new. */
export function parseBaseline(text: string, path: string): Result<Baseline, Problem> {
  const refuse = (message: string, at = path): Result<never, Problem> =>
    err(problem("BASELINE_UNREADABLE", { place: at, message }));
  if (text.length > MAX_BASELINE) return refuse(`longer than ${MAX_BASELINE} characters`);
  const plain = text.replace(/^\uFEFF/, "");
  const marker = /^(?:<{7}|={7}|>{7})(?: |$)/mu.exec(plain);
  if (marker !== null)
    return refuse("it holds the marks of a merge that was not resolved", lineAt(path, plain, marker.index));
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch (error) {
    return refuse(`not JSON: ${cutText((error as Error).message, 200)}`);
  }
  if (!isRecord(value)) return refuse("not an object");
  if (value["schema"] !== 1) return refuse("another version: `schema` is not 1");
  const { findings } = value;
  if (!Array.isArray(findings)) return refuse("`findings` is no list");
  const entries: BaselineEntry[] = [];
  for (const [index, each] of findings.entries()) {
    const entry = readEntry(each);
    if (typeof entry === "string") return refuse(`\`${entry}\` is missing or malformed`, `${path}, findings.${index}`);
    entries.push(entry);
  }
  return ok(baselineOf(entries));
}

function baselineOf(entries: Iterable<BaselineEntry>): Baseline {
  const sorted = sortEntries(entries);
  return { entries: sorted, fingerprints: new Set(sorted.map((entry) => entry.fingerprint)) };
}

/** The entry, or the name of the member that is wrong. */
function readEntry(value: unknown): BaselineEntry | string {
  if (!isRecord(value)) return "entry";
  const { file, tool, rule, message, report, fingerprint } = value;
  if (file !== null && typeof file !== "string") return "file";
  if (typeof tool !== "string") return "tool";
  if (typeof rule !== "string") return "rule";
  if (typeof message !== "string") return "message";
  if (typeof report !== "string") return "report";
  if (typeof fingerprint !== "string" || !/^[0-9a-f]{32}$/u.test(fingerprint)) return "fingerprint";
  return { file, tool, rule, message, report, fingerprint };
}

function compareEntries(left: BaselineEntry, right: BaselineEntry): number {
  for (const member of ["file", "tool", "rule", "message", "report", "fingerprint"] as const) {
    const [one, other] = [left[member] ?? "", right[member] ?? ""];
    // By code units, the same on every machine.
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

function lineAt(path: string, text: string, index: number): string {
  return `${path}, line ${text.slice(0, index).split("\n").length}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
