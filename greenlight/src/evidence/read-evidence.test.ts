import { isDeepStrictEqual } from "node:util";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { EvidenceFormat } from "../pipeline/definition.ts";
import { projectPath } from "./project-path.ts";
import { readEvidence } from "./read-evidence.ts";
import { sample } from "./testing/sample.ts";

const SAMPLES: Readonly<Record<EvidenceFormat, string>> = {
  sarif: sample("oxlint.sarif.json"),
  "oxfmt-list": sample("oxfmt.txt"),
  "tsc-text": sample("tsc.txt"),
  "secretlint-json": sample("secretlint.json"),
  "black-text": sample("python/black.txt"),
  "isort-text": sample("python/isort.txt"),
  "flake8-text": sample("python/flake8.txt"),
  "pylint-json2": sample("python/pylint-config.txt"),
  "mypy-lines": sample("python/mypy-syntax.txt"),
  "bandit-json": sample("python/bandit.json"),
  "safety-json": sample("python/safety.txt"),
  "pip-audit-json": sample("python/pip-audit.json"),
  "ruff-format-text": sample("python/ruff-format.txt"),
  "eslint-json": sample("eslint.json"),
  "prettier-check": sample("prettier.txt"),
  "npm-audit-json": sample("npm-audit.json"),
  "pnpm-audit-json": sample("pnpm-audit.json"),
  "yarn-audit-json": sample("yarn-audit.jsonl"),
  "jest-json": sample("jest.json"),
  "gitleaks-json": sample("gitleaks.json"),
  "trivy-json": sample("trivy.json"),
  junit: sample("vitest-junit.xml"),
  "istanbul-json-summary": sample("coverage-summary.json"),
  "istanbul-json": sample("vitest-coverage-final.json"),
  lcov: sample("vitest-lcov.info"),
  cobertura: sample("vitest-cobertura.xml"),
  "coverage-py-json": sample("coverage-py.json"),
  "validation-report":
    '{"schema":1,"kind":"validation","source":"f","readCount":1,"keptCount":1,"rules":[{"rule":"r"}]}',
  "model-evaluation": '{"schema":1,"kind":"model","parameters":{"a":1},"slices":[{}],"metrics":{"rmse":1}}',
  "gate-report":
    '{"schema":1,"kind":"gate","subject":"m","verdict":"hold","checks":[{"name":"n","verdict":"hold","why":"w"}]}',
  "release-report": '{"schema":1,"kind":"release","releaseId":"r","digest":"d","fileCount":1,"sizeBytes":1,"parts":[]}',
};
const FORMATS = Object.keys(SAMPLES) as EvidenceFormat[];

/** A real report with a piece cut out of it and another text put in. */
function damaged(text: string): fc.Arbitrary<string> {
  const piece = fc.oneof(fc.string(), fc.constantFrom("__proto__", "null", "-1", "1e999", "[", "<", "&#0;", '"'));
  return fc
    .tuple(fc.nat(text.length), fc.nat(40), piece)
    .map(([at, length, put]) => text.slice(0, at) + put + text.slice(at + length));
}

/** What a reader must never do with any text; null when it did nothing of the kind. */
function faultOf(format: EvidenceFormat, text: string): string | null {
  const read = readEvidence(format, "tool", text, { projectFolder: "/project" });
  if (!read.ok) return read.error.code === "EVIDENCE_UNREADABLE" && read.error.message.length < 600 ? null : "problem";
  for (const evidence of read.value) {
    if (evidence.kind === "findings") {
      if (evidence.findings.length > Math.min(500, evidence.findingCount)) return "more findings than counted";
      if (evidence.findings.some((finding) => finding.message.length > 2000)) return "a message past its bound";
    }
    if (evidence.kind === "tests" && evidence.failures.length > evidence.failedCount) return "uncounted failures";
    if (evidence.kind === "coverage" && evidence.lines.coveredCount > evidence.lines.totalCount) return "more than all";
    // Evidence is stored as JSON: it must survive that unchanged.
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(evidence)), evidence)) return "not plain JSON";
  }
  return null;
}

describe("readEvidence", () => {
  it.each(FORMATS)("%s: never throws, whatever the text", (format) => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(faultOf(format, text)).toBeNull();
      }),
    );
  });

  it.each(FORMATS)("%s: never throws on a damaged real report", (format) => {
    fc.assert(
      fc.property(damaged(SAMPLES[format]), (text) => {
        expect(faultOf(format, text)).toBeNull();
      }),
    );
  });

  it("a problem names the report, or the tool when no path is known", () => {
    const named = readEvidence("sarif", "oxlint", "{", { projectFolder: "/p", path: "out/oxlint.sarif" });
    const unnamed = readEvidence("sarif", "oxlint", "{", { projectFolder: "/p" });
    expect(named).toMatchObject({ ok: false, error: { place: "out/oxlint.sarif" } });
    expect(unnamed).toMatchObject({ ok: false, error: { place: "oxlint", code: "EVIDENCE_UNREADABLE" } });
  });
});

describe("projectPath", () => {
  it.each([
    ["/srv/app", "/srv/app/src/a.ts", "src/a.ts"],
    ["/srv/app/", "./src//a.ts", "src/a.ts"],
    ["/srv/app", "/srv/application/a.ts", "../application/a.ts"],
    ["/srv/app", "file:///srv/app/a%20b.ts", "a b.ts"],
    ["C:\\work\\app", "C:\\work\\app\\src\\a.ts", "src/a.ts"],
    ["/srv/app", "../lib/b.ts", "../lib/b.ts"],
    ["/srv/app", "/srv/app", null],
    ["/srv/app", "  ", null],
  ])("in %s, %s is %s", (folder, path, expected) => {
    expect(projectPath(folder, path)).toBe(expected);
  });
});
