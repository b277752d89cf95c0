import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { EvidenceFormat, EvidenceSource } from "../pipeline/definition.ts";
import { MAX_REPORT } from "./bounds.ts";
import type { Evidence, Finding } from "./evidence.ts";
import { cutFindings } from "./findings.ts";
import { inFolder, pathInFolder, readFolder } from "./in-folder.ts";
import { withoutFolder } from "./project-path.ts";
import { readCobertura } from "./readers/coverage/cobertura-reader.ts";
import { readCoveragePy } from "./readers/coverage/coverage-py-reader.ts";
import { readIstanbul } from "./readers/coverage/istanbul-reader.ts";
import { readIstanbulSummary } from "./readers/coverage/istanbul-summary-reader.ts";
import { readLcov } from "./readers/coverage/lcov-reader.ts";
import { readEslintJson } from "./readers/node/eslint-json-reader.ts";
import { readJestJson } from "./readers/node/jest-json-reader.ts";
import { readNpmAudit } from "./readers/node/npm-audit-reader.ts";
import { readPnpmAudit } from "./readers/node/pnpm-audit-reader.ts";
import { readPrettierCheck } from "./readers/node/prettier-check-reader.ts";
import { readYarnAudit } from "./readers/node/yarn-audit-reader.ts";
import {
  readGateReport,
  readModelEvaluation,
  readReleaseReport,
  readValidationReport,
} from "./readers/own-report-readers.ts";
import { readOxfmtList } from "./readers/oxfmt-list-reader.ts";
import { PYTHON_READERS } from "./readers/python/index.ts";
import type { Reader, ReadOptions, StreamReader, Unreadable } from "./readers/reader.ts";
import { readSarif } from "./readers/sarif-reader.ts";
import { readSarifStream } from "./readers/sarif-stream-reader.ts";
import { readSecretlintJson } from "./readers/secretlint-reader.ts";
import { readGitleaksJson } from "./readers/security/gitleaks-json-reader.ts";
import { readTrivyJson } from "./readers/security/trivy-json-reader.ts";
import { readJunit, readJunitStream } from "./readers/tests/junit-reader.ts";
import { readTscText } from "./readers/tsc-text-reader.ts";

/** By format. */
export const READERS: Readonly<Record<EvidenceFormat, Reader>> = {
  sarif: readSarif,
  "oxfmt-list": readOxfmtList,
  "tsc-text": readTscText,
  "secretlint-json": readSecretlintJson,
  ...PYTHON_READERS,
  "eslint-json": readEslintJson,
  "prettier-check": readPrettierCheck,
  "npm-audit-json": readNpmAudit,
  "pnpm-audit-json": readPnpmAudit,
  "yarn-audit-json": readYarnAudit,
  "jest-json": readJestJson,
  "gitleaks-json": readGitleaksJson,
  "trivy-json": readTrivyJson,
  junit: readJunit,
  "istanbul-json-summary": readIstanbulSummary,
  "istanbul-json": readIstanbul,
  lcov: readLcov,
  cobertura: readCobertura,
  "coverage-py-json": readCoveragePy,
  "validation-report": readValidationReport,
  "model-evaluation": readModelEvaluation,
  "gate-report": readGateReport,
  "release-report": readReleaseReport,
};

/** Readers of the formats that come in hundreds of megabytes. */
const STREAM_READERS: Partial<Readonly<Record<EvidenceFormat, StreamReader>>> = {
  sarif: readSarifStream,
  junit: readJunitStream,
};

/** A report as `EvidenceSource` declares it. */
export type ReportOptions = ReadOptions & Pick<EvidenceSource, "folder">;

/**
 * A tool's report as evidence. Pure and total: whatever the text, it comes back as evidence (bounded: 500 entries a
 * list, 2,000 characters a message, true counts) or as `EVIDENCE_UNREADABLE` with the report and the place in it.
 */
export function readEvidence(
  format: EvidenceFormat,
  tool: string,
  text: string,
  options: ReportOptions,
): Result<Evidence[], Problem> {
  const read = readWhole(format, tool, text, options);
  if (!read.ok) return read;
  return ok(read.value.map((evidence) => (evidence.kind === "findings" ? cutFindings(evidence) : evidence)));
}

/** As `readEvidence`, with all findings. */
export function readWhole(
  format: EvidenceFormat,
  tool: string,
  text: string,
  options: ReportOptions,
): Result<Evidence[], Problem> {
  const { folder, projectFolder } = options;
  if (text.length > MAX_REPORT) return unreadable(tool, options, { message: `longer than ${MAX_REPORT} characters` });
  const read = READERS[format](text, { ...options, tool, projectFolder: readFolder(projectFolder, folder) });
  if (!read.ok) return unreadable(tool, options, read.error);
  return folder === undefined ? read : ok(read.value.map((each) => inFolder(each, folder, projectFolder)));
}

/** True when reports of that format can be read piece by piece. */
export function isStreamed(format: EvidenceFormat): boolean {
  return STREAM_READERS[format] !== undefined;
}

/**
 * As `readWhole`, for a report of any size: findings go to `onFinding` one by one, and the evidence holds none of them.
 * Only for formats that are streamed.
 */
export async function streamEvidence(
  format: EvidenceFormat,
  tool: string,
  chunks: () => AsyncIterable<Uint8Array>,
  options: ReportOptions & { onFinding(finding: Finding): void },
): Promise<Result<Evidence[], Problem>> {
  const { folder, projectFolder, onFinding } = options;
  const reader = STREAM_READERS[format];
  if (reader === undefined) throw new Error(`${format} is not read in pieces`);
  const own = { ...options, tool, projectFolder: readFolder(projectFolder, folder) };
  const read = await reader(chunks, own, (finding) => {
    if (folder === undefined) return onFinding(finding);
    const file = finding.file === null ? null : pathInFolder(finding.file, folder, projectFolder);
    return onFinding({ ...finding, file, message: withoutFolder(projectFolder, finding.message) });
  });
  if (!read.ok) return unreadable(tool, options, read.error);
  return folder === undefined ? read : ok(read.value.map((each) => inFolder(each, folder, projectFolder)));
}

function unreadable(tool: string, { path }: ReadOptions, { message, at }: Unreadable): Result<never, Problem> {
  const place = path ?? tool;
  return err(
    problem("EVIDENCE_UNREADABLE", {
      place: at === undefined ? place : `${place}, ${at}`,
      message: `${tool} report: ${message.slice(0, 500)}`,
    }),
  );
}
