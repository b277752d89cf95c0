import { describe, expect, it } from "vitest";

import { readAs, readProblem, sample } from "../testing/sample.ts";

function log(run: object): string {
  return JSON.stringify({ version: "2.1.0", runs: [{ tool: { driver: { name: "scan" } }, ...run }] });
}

function place(uri: string, line?: number): object[] {
  return [{ physicalLocation: { artifactLocation: { uri }, region: line === undefined ? {} : { startLine: line } } }];
}

describe("SARIF", () => {
  it("oxlint's log gives its findings with rule, level, place and the rule's page", () => {
    const found = readAs("findings", { format: "sarif", text: sample("oxlint.sarif.json") });
    expect(found.findingCount).toBe(3);
    expect(found.findings).toContainEqual({
      rule: "eslint(no-debugger)",
      level: "error",
      message: "`debugger` statement is not allowed",
      file: "src/bad.ts",
      line: 4,
      column: 3,
      endLine: 4,
      endColumn: 12,
      helpUri: "https://oxc.rs/docs/guide/usage/linter/rules/eslint/no-debugger.html",
    });
  });

  it("a level left out is the rule's, and without one a warning; `none` is a note", () => {
    const rules = [{ id: "A", defaultConfiguration: { level: "error" } }, { id: "B" }];
    const results = [
      { ruleIndex: 0, message: { text: "a" } },
      { ruleId: "A", message: { text: "by id" } },
      { ruleId: "B", message: { text: "b" } },
      { rule: { index: 1 }, level: "none", message: { text: "n" } },
    ];
    const text = log({ tool: { driver: { name: "scan", rules } }, results });
    const found = readAs("findings", { format: "sarif", text });
    expect(found.findings.map(({ rule, level }) => `${rule} ${level}`)).toEqual([
      "A error",
      "A error",
      "B warning",
      "B note",
    ]);
  });

  it("results that passed or are suppressed are no findings; a rejected suppression does not count", () => {
    const results = [
      { kind: "pass", message: { text: "fine" } },
      { suppressions: [{ kind: "inSource" }], message: { text: "suppressed" } },
      { suppressions: [{ kind: "external", status: "rejected" }], message: { text: "kept" } },
    ];
    const found = readAs("findings", { format: "sarif", text: log({ results }) });
    expect(found.findings.map((finding) => finding.message)).toEqual(["kept"]);
  });

  it("a message by id is put together from the rule's text and the arguments", () => {
    const rules = [{ id: "A", messageStrings: { default: { text: "{0} of {1} at {9}" } } }];
    const results = [{ ruleId: "A", message: { id: "default", arguments: ["one", "two"] } }];
    const found = readAs("findings", {
      format: "sarif",
      text: log({ tool: { driver: { name: "s", rules } }, results }),
    });
    expect(found.findings[0]?.message).toBe("one of two at {9}");
  });

  it("absolute, escaped, based and indexed locations all come out relative to the project", () => {
    const results = [
      { message: { text: "1" }, locations: place("file:///project/src/a%20b.py", 3) },
      { message: { text: "2" }, locations: place("/project/./src/c.py") },
      {
        message: { text: "3" },
        locations: [{ physicalLocation: { artifactLocation: { uri: "d.py", uriBaseId: "ROOT" } } }],
      },
      { message: { text: "4" }, locations: [{ physicalLocation: { artifactLocation: { index: 0 } } }] },
      { message: { text: "5" }, locations: place("/elsewhere/f.py") },
      { message: { text: "6" } },
    ];
    const text = log({
      originalUriBaseIds: { ROOT: { uri: "file:///project/lib/" } },
      artifacts: [{ location: { uri: "e.py" }, roles: ["analysisTarget"] }],
      results,
    });
    const found = readAs("findings", { format: "sarif", text });
    expect(found.findings.map((finding) => finding.file)).toEqual([
      "src/a b.py",
      "src/c.py",
      "lib/d.py",
      "e.py",
      "../elsewhere/f.py",
      null,
    ]);
    expect(found.findings[0]?.line).toBe(3);
    expect(found.checkedCount).toBe(1);
  });

  it("a tool that says it did not finish is an error although it reports nothing", () => {
    const text = log({
      invocations: [{ executionSuccessful: false, exitCodeDescription: "out of memory" }],
      results: [],
    });
    const found = readAs("findings", { format: "sarif", text });
    expect(found.findings[0]).toMatchObject({ level: "error", message: "scan did not finish: out of memory" });
  });

  it("errors outlive the bound of 500 findings, and the count stays true", () => {
    const notes = Array.from({ length: 900 }, () => ({ level: "note", message: { text: "n".repeat(5000) } }));
    const text = log({ results: [...notes, { level: "error", message: { text: "the one" } }] });
    const found = readAs("findings", { format: "sarif", text });
    expect(found.findings).toHaveLength(500);
    expect(found.findingCount).toBe(901);
    expect(found.findings[0]?.message).toBe("the one");
    expect(found.findings[1]?.message).toHaveLength(2000);
  });

  it("another version and a half-written log are refused", () => {
    expect(readProblem("sarif", '{"version": "2.0.0", "runs": []}').place).toBe("out/report, version");
    expect(readProblem("sarif", sample("oxlint.sarif.json").slice(0, 900)).message).toContain("not JSON");
  });
});
