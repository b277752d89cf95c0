import { deepEqual } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { EvidenceFormat } from "../../pipeline/definition.ts";
import { seededRandom } from "../../statistics/random.ts";
import type { Evidence } from "../evidence.ts";
import { readEvidence } from "../read-evidence.ts";
import { damage } from "./damage-text.ts";

/** What a single input may take before it counts as a hang. */
export const HANG_MS = 5000;
/** Longer samples are made shorter: what breaks a reader is form, not length. */
const MAX_SAMPLE = 2500;

export interface FuzzResult {
  readonly count: number;
  /** How many were read as evidence; a reader that refuses all of them was not tested. */
  readonly readCount: number;
  readonly slowestMs: number;
  /** The first input that a reader did not bear, with what it did; null: none. */
  readonly fault: { readonly index: number; readonly what: string; readonly input: string } | null;
}

/** Every report that lies beside the tests, by any name: what one reader takes, another must at least bear. */
function sampleReports(folder = import.meta.dirname): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".ts"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
}

/** Greenlight's own reports, which no tool has left a sample of. */
const OWN = [
  '{"schema":1,"kind":"validation","source":"f","readCount":1,"keptCount":1,"rejectedCount":0,"quarantinedCount":0,"rules":[{"rule":"r","action":"repair","rowCount":1}]}',
  `{"schema":1,"kind":"model","algorithm":"a","digest":"${"a".repeat(64)}","featureSet":"A","split":"h","trainCount":2,"testCount":1,"metrics":{"rmse":1,"mae":1,"r2":0},"baselines":[],"slices":[],"parameters":{"a":1},"seed":1}`,
  '{"schema":1,"kind":"gate","subject":"m","verdict":"hold","checks":[{"name":"n","verdict":"hold","why":"w"}]}',
  `{"schema":1,"kind":"release","releaseId":"r","digest":"${"b".repeat(64)}","fileCount":1,"sizeBytes":1,"parts":[]}`,
];

/**
 * Feeds one reader `count` damaged reports and random texts. The same seed gives the same inputs, so `index` finds the
 * one that failed.
 */
export function fuzzReader(
  format: EvidenceFormat,
  options: { readonly count: number; readonly seed: number },
): FuzzResult {
  const random = seededRandom(options.seed);
  const below = (limit: number): number => random.next() % Math.max(1, limit);
  const samples = [...sampleReports(), ...OWN];
  const own = samples.filter((text) => isTaken(format, text)).map((text) => shortened(format, text));
  let readCount = 0;
  let slowestMs = 0;
  for (let index = 0; index < options.count; index += 1) {
    // Mostly what the reader understands, because all else is refused at the door.
    const from = own.length > 0 && below(8) > 0 ? own : samples;
    const sample = from[below(from.length)] ?? "";
    const input = damage(from === own ? sample : sample.slice(0, MAX_SAMPLE), below);
    const begunAt = performance.now();
    let what: string | null;
    try {
      const read = readEvidence(format, "tool", input, { projectFolder: "/project", folder: "services/a" });
      readCount += read.ok ? 1 : 0;
      if (read.ok) what = read.value.map(faultOf).find((each) => each !== null) ?? null;
      else what = read.error.code === "EVIDENCE_UNREADABLE" && read.error.message.length < 700 ? null : "odd problem";
    } catch (error) {
      what = `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
    const tookMs = performance.now() - begunAt;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > HANG_MS) what ??= `took ${Math.round(tookMs)} ms`;
    if (what !== null) return { count: index + 1, readCount, slowestMs, fault: { index, what, input } };
  }
  return { count: options.count, readCount, slowestMs, fault: null };
}

/** The report with fewer and shorter members, when the reader still takes it. */
export function shortened(format: EvidenceFormat, text: string): string {
  if (text.length <= MAX_SAMPLE) return text;
  let short: string;
  try {
    short = JSON.stringify(JSON.parse(text), (_key, value: unknown) => {
      if (typeof value === "string") return value.slice(0, 80);
      return Array.isArray(value) ? value.slice(0, 2) : value;
    });
  } catch {
    short = `${text.split("\n").slice(0, 20).join("\n")}\n`;
  }
  return isTaken(format, short) ? short : text;
}

function isTaken(format: EvidenceFormat, text: string): boolean {
  const read = readEvidence(format, "tool", text, { projectFolder: "/project" });
  // Formats of plain lines take any text; a sample with something in it is one of theirs.
  return read.ok && read.value.some((each) => each.kind !== "findings" || each.findingCount > 0);
}

/** What evidence must never be, whatever the report was; null when it is nothing of the kind. */
export function faultOf(evidence: Evidence): string | null {
  if (evidence.kind === "findings") {
    if (evidence.findings.length > Math.min(500, evidence.findingCount)) return "more findings than counted";
    for (const { message, file, line, rule } of evidence.findings) {
      if (message.length > 2000 || rule.length > 200) return "a text past its bound";
      if (file !== null && (file.startsWith("/") || file.includes("\\"))) return `a path that is not relative: ${file}`;
      if (line !== null && !(Number.isSafeInteger(line) && line > 0)) return `a line that is none: ${line}`;
    }
  }
  if (evidence.kind === "tests") {
    const { passedCount, failedCount, skippedCount, durationMs, failures } = evidence;
    if (failures.length > failedCount) return "uncounted failures";
    const numbers = [passedCount, failedCount, skippedCount, durationMs];
    if (numbers.some((each) => !Number.isFinite(each) || each < 0)) return `odd counts: ${numbers.join(", ")}`;
  }
  if (evidence.kind === "coverage") {
    const counted = [
      evidence.lines,
      evidence.branches,
      evidence.functions,
      ...evidence.files.map((each) => each.lines),
    ];
    const isOdd = counted.some(({ coveredCount, totalCount }) => !(coveredCount >= 0 && coveredCount <= totalCount));
    if (isOdd) return "more covered than there is";
  }
  // Evidence is stored as JSON: it must survive that unchanged.
  return isPlainJson(evidence) ? null : "not plain JSON";
}

function isPlainJson(value: unknown): boolean {
  try {
    // Not strictly, because JSON knows no negative zero.
    deepEqual(JSON.parse(JSON.stringify(value)), value);
    return true;
  } catch {
    return false;
  }
}
