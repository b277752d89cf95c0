import { problem, type Problem } from "../base/problem.ts";
import { err, type Result } from "../base/result.ts";
import type { EvidenceFormat } from "../pipeline/definition.ts";
import { MAX_REPORT } from "./bounds.ts";
import type { Evidence } from "./evidence.ts";
import { readIstanbulSummary } from "./readers/coverage-reader.ts";
import { readJunit } from "./readers/junit-reader.ts";
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
import type { Reader, ReadOptions, Unreadable } from "./readers/reader.ts";
import { readSarif } from "./readers/sarif-reader.ts";
import { readSecretlintJson } from "./readers/secretlint-reader.ts";
import { readGitleaksJson } from "./readers/security/gitleaks-json-reader.ts";
import { readTrivyJson } from "./readers/security/trivy-json-reader.ts";
import { readTscText } from "./readers/tsc-text-reader.ts";

const READERS: Readonly<Record<EvidenceFormat, Reader>> = {
  sarif: readSarif,
  "oxfmt-list": readOxfmtList,
  "tsc-text": readTscText,
  "secretlint-json": readSecretlintJson,
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
  "validation-report": readValidationReport,
  "model-evaluation": readModelEvaluation,
  "gate-report": readGateReport,
  "release-report": readReleaseReport,
};

/**
 * A tool's report as evidence. Pure and total: whatever the text, it comes back as evidence (bounded: 500 entries a
 * list, 2,000 characters a message, true counts) or as `EVIDENCE_UNREADABLE` with the report and the place in it.
 */
export function readEvidence(
  format: EvidenceFormat,
  tool: string,
  text: string,
  options: ReadOptions,
): Result<Evidence[], Problem> {
  const read =
    text.length > MAX_REPORT
      ? err<Unreadable>({ message: `longer than ${MAX_REPORT} characters` })
      : READERS[format](text, { ...options, tool });
  if (read.ok) return read;
  const { message, at } = read.error;
  const place = options.path ?? tool;
  return err(
    problem("EVIDENCE_UNREADABLE", {
      place: at === undefined ? place : `${place}, ${at}`,
      message: `${tool} report: ${message.slice(0, 500)}`,
    }),
  );
}
