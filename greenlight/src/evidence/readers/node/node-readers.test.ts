import { describe, expect, it } from "vitest";

import { readAs, readProblem, sample } from "../../testing/sample.ts";

/** Which finding each of these is, in one line. */
function lines(format: Parameters<typeof readProblem>[0], text: string): readonly string[] {
  return readAs("findings", { format, text }).findings.map(({ rule, level, file, line }) =>
    [level, rule, file, line ?? "-"].join(" "),
  );
}

describe("eslint --format json", () => {
  it("each message has its rule, level, file and line; a file that can't be parsed is an error", () => {
    expect(lines("eslint-json", sample("eslint.json"))).toEqual([
      "error parsing broken.js 1",
      "error no-debugger lint.js 1",
      "warning eqeqeq lint.js 3",
    ]);
    expect(readAs("findings", { format: "eslint-json", text: "[]" }).findingCount).toBe(0);
  });

  it("the text of a crash is refused", () => {
    expect(readProblem("eslint-json", "Oops! Something went wrong! :(").message).toContain("not JSON");
  });
});

describe("prettier --check", () => {
  it("files that are not formatted, and one that can't be parsed with its line", () => {
    expect(lines("prettier-check", sample("prettier.txt"))).toEqual([
      "error syntax broken.js 1",
      "error format jest.config.cjs -",
      "error format package-lock.json -",
      "error format package.json -",
      "error format pnpm-lock.yaml -",
      "error format 한글 b/bad.js -",
    ]);
  });

  it("what it says of its configuration is no report, even when it goes on that all is well", () => {
    const text = [
      '[error] Invalid configuration for file "/project/a.js":',
      "[error] YAML Error in .prettierrc",
      "All matched files use Prettier code style!",
    ].join("\n");
    expect(readProblem("prettier-check", text)).toMatchObject({
      place: "out/report, line 1",
      message: expect.stringContaining("Invalid configuration"),
    });
    expect(readProblem("prettier-check", "sh: 1: prettier: not found").message).toContain("not of the form");
  });
});

describe("oxfmt with its errors", () => {
  it("the list, then what could not be parsed", () => {
    expect(lines("oxfmt-list", sample("oxfmt-broken.txt"))).toEqual([
      "error format jest.config.cjs -",
      "error format package.json -",
      "error format 한글 b/bad.js -",
      "error syntax broken.js 1",
    ]);
  });

  it("an error about no file is no report", () => {
    const text =
      "--- standard error ---\nFailed to load configuration file.\nkey must be a string at line 1 column 2\n";
    expect(readProblem("oxfmt-list", text).message).toContain("oxfmt says: Failed to load configuration file.");
  });
});

describe("audits", () => {
  it("npm: one finding for each vulnerable package, worst first", () => {
    const found = readAs("findings", { format: "npm-audit-json", text: sample("npm-audit.json") });
    expect(found).toMatchObject({ findingCount: 1, checkedCount: 1 });
    expect(found.findings[0]?.message).toContain("Slow pattern in ms (GHSA-w9mr-4mfr-499f); It | is");
  });

  it("npm: a refused request is inconclusive with its reason, a project without a lock file is no report", () => {
    expect(readAs("findings", { format: "npm-audit-json", text: sample("npm-audit-refused.json") })).toMatchObject({
      isInconclusive: true,
      findingCount: 0,
      why: expect.stringContaining("405 Method Not Allowed"),
    });
    const none = '{"error":{"code":"ENOLOCK","summary":"This command requires an existing lockfile.","detail":""}}';
    expect(readProblem("npm-audit-json", none).message).toContain("requires an existing lockfile");
  });

  it("pnpm: one finding for each advisory; a bad answer is inconclusive in old and new words", () => {
    expect(lines("pnpm-audit-json", sample("pnpm-audit.json"))).toEqual([
      "error GHSA-aaaa-bbbb-cccc pnpm-lock.yaml -",
      "warning GHSA-w9mr-4mfr-499f pnpm-lock.yaml -",
    ]);
    const old = '{"error":{"code":"ERR_PNPM_AUDIT_BAD_RESPONSE","message":"The audit endpoint responded with 405"}}';
    for (const text of [sample("pnpm-audit-refused.txt"), old]) {
      expect(readAs("findings", { format: "pnpm-audit-json", text })).toMatchObject({
        isInconclusive: true,
        why: expect.stringContaining("405"),
      });
    }
    expect(
      readProblem("pnpm-audit-json", "Error: ERR_PNPM_AUDIT_NO_LOCKFILE\n\n  × No pnpm-lock.yaml found").message,
    ).toContain("No pnpm-lock.yaml found");
  });

  it("yarn 4: one finding for each advisory; nothing at all is clean", () => {
    expect(lines("yarn-audit-json", sample("yarn-audit.jsonl"))).toEqual([
      "error GHSA-aaaa-bbbb-cccc yarn.lock -",
      "warning GHSA-w9mr-4mfr-499f yarn.lock -",
    ]);
    expect(readAs("findings", { format: "yarn-audit-json", text: "" }).findingCount).toBe(0);
  });

  it("yarn 1: a report that ends before its summary is refused, an error of the registry inconclusive", () => {
    const info = '{"type":"info","data":"Visit the documentation"}\n';
    expect(readProblem("yarn-audit-json", info).message).toContain("before its summary");
    const refused = `{"type":"error","data":"Error: Request returned a 405\\\\n at x"}\n${info}`;
    expect(readAs("findings", { format: "yarn-audit-json", text: refused })).toMatchObject({ isInconclusive: true });
    const summary = '{"type":"auditSummary","data":{"vulnerabilities":{},"totalDependencies":7}}';
    expect(readAs("findings", { format: "yarn-audit-json", text: `${info}${summary}` })).toMatchObject({
      checkedCount: 7,
      findingCount: 0,
    });
  });
});

describe("jest --json", () => {
  it("tests that passed, failed and were skipped; a file that can't be run is a failure", () => {
    const found = readAs("tests", { format: "jest-json", text: sample("jest.json") });
    expect(found).toMatchObject({ passedCount: 1, failedCount: 2, skippedCount: 1 });
    expect(found.failures.map(({ name, file }) => `${name} in ${file}`)).toEqual([
      "breaks in sum.test.cjs",
      "throws.test.cjs could not be run in throws.test.cjs",
    ]);
  });
});
