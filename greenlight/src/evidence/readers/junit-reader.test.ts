import { describe, expect, it } from "vitest";

import { readAs, readProblem, sample } from "../testing/sample.ts";

describe("JUnit", () => {
  it("vitest's report gives counts, failures with message and file, and the slowest tests", () => {
    const found = readAs("tests", { format: "junit", text: sample("vitest-junit.xml") });
    expect(found).toMatchObject({ tool: "the tool", passedCount: 1, failedCount: 2, skippedCount: 2, durationMs: 22 });
    expect(found.failures.map(({ name, file }) => [name, file])).toEqual([
      ["sum > fails", "src/sum.test.ts"],
      ["sum > nested > throws", "src/sum.test.ts"],
    ]);
    expect(found.failures[0]?.message).toMatch(/^AssertionError: expected 3 to be 4.*\n\n- Expected\n/);
    expect(found.failures[1]?.message).toContain("boom & <bust>");
    expect(found.slowest[0]).toEqual({ name: "sum > fails", durationMs: 15 });
    expect(found.slowest[1]?.name).toBe('sum > adds <two> & "more"');
  });

  it("a test file that can't be loaded is a failure, and its message names no folder of the machine", () => {
    const found = readAs("tests", { format: "junit", text: sample("vitest-junit-broken-file.xml") });
    expect(found).toMatchObject({ passedCount: 1, failedCount: 2, skippedCount: 1 });
    expect(found.failures[0]?.message).toContain("imported from t2/a.test.ts");
  });

  it("a report without a test has none", () => {
    const found = readAs("tests", { format: "junit", text: sample("vitest-junit-no-tests.xml") });
    expect(found).toMatchObject({ passedCount: 0, failedCount: 0, skippedCount: 0, failures: [], slowest: [] });
  });

  it("nested suites and pytest's dotted classes are counted by case, whatever the totals claim", () => {
    const text = `<testsuite name="outer" tests="99" file="/project/tests/test_a.py">
      <testsuite name="inner"><testcase classname="tests.test_a.TestA" name="test_one" time="1.5"/>
        <testcase classname="tests.test_a.TestA" name="test_two" time="x"><error message="m"><![CDATA[a < b & c]]></error></testcase>
      </testsuite><testcase name="test_three"/></testsuite>`;
    const found = readAs("tests", { format: "junit", text });
    expect(found).toMatchObject({ passedCount: 2, failedCount: 1, skippedCount: 0, durationMs: 1500 });
    expect(found.failures).toEqual([
      { name: "tests.test_a.TestA > test_two", file: "tests/test_a.py", message: "m\na < b & c" },
    ]);
  });

  it("entities of the document are never expanded", () => {
    const text = `<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
      <testsuite><testcase name="&b;&#65;&#x42;&amp;lt;"/></testsuite>`;
    expect(readAs("tests", { format: "junit", text }).slowest[0]?.name).toBe("&b;AB&lt;");
  });

  it("terminal colours are taken out and long messages cut", () => {
    const text = `<testsuite><testcase name="t"><failure>\u001b[31mred\u001b[39m ${"x".repeat(9000)}</failure></testcase></testsuite>`;
    const message = readAs("tests", { format: "junit", text }).failures[0]?.message ?? "";
    expect(message.startsWith("red xxx")).toBe(true);
    expect(message).toHaveLength(2000);
  });

  it("a half-written report, another root and too deep a nesting are refused", () => {
    expect(readProblem("junit", sample("vitest-junit.xml").slice(0, 700)).message).toContain("not XML");
    expect(readProblem("junit", "<html><body/></html>").message).toContain("neither <testsuites> nor <testsuite>");
    expect(readProblem("junit", "").message).toContain("report");
    const deep = `${"<testsuite>".repeat(500)}${"</testsuite>".repeat(500)}`;
    expect(readProblem("junit", deep).message).toContain("not XML");
  });
});
