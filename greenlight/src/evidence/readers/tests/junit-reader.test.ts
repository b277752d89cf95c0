import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readAs, readProblem, sample } from "../../testing/sample.ts";
import { openJunit, readJunit } from "./junit-reader.ts";

const OPTIONS = { tool: "the tool", projectFolder: "/project" };

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

  it("a report that declares entities is refused, and so is one that uses what is not declared", () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
      <testsuite><testcase name="&b;"/></testsuite>`;
    expect(readProblem("junit", bomb).message).toContain("it declares entities");
    const outside = `<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"/></testsuite>`;
    expect(readProblem("junit", outside).message).toContain("it declares entities");
    expect(readProblem("junit", `<testsuite><testcase name="&x;"/></testsuite>`).message).toContain("undefined entity");
    const plain = `<!DOCTYPE testsuite><testsuite><testcase name="&#65;&#x42;&amp;lt;"/></testsuite>`;
    expect(readAs("tests", { format: "junit", text: plain }).slowest[0]?.name).toBe("AB&lt;");
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
    expect(readProblem("junit", deep).message).toContain("nested deeper than 100");
  });

  it("node:test: a test that is still to be done may fail", () => {
    const found = readAs("tests", { format: "junit", text: sample("node-test-junit.xml") });
    expect(found).toMatchObject({ passedCount: 2, failedCount: 1, skippedCount: 3 });
    expect(found.failures).toMatchObject([{ name: "outer.inner > fails", file: "a.test.mjs" }]);
    expect(found.slowest.map(({ name }) => name)).toContain("top > sub");
  });

  it("jest-junit writes the title twice, which is told once", () => {
    const text = `<testsuites><testsuite name="sum"><testcase classname="sum adds" name="sum adds" time="0.001"/></testsuite></testsuites>`;
    expect(readAs("tests", { format: "junit", text }).slowest[0]?.name).toBe("sum adds");
  });

  it("surefire: a test that passed when it was run again is flaky, one that failed again has failed once", () => {
    const text = `<testsuite><properties><property name="a" value="b"/></properties>
      <testcase name="passesLater" classname="a.B" time="1,234.5"><flakyFailure message="at first" type="X"><stackTrace><![CDATA[at a.B]]></stackTrace><system-out>noise</system-out></flakyFailure>
        <flakyError message="second"/></testcase>
      <testcase name="neverPasses" classname="a.B" time="0.1"><failure message="broken">at a.B</failure><rerunFailure message="again"><stackTrace>at a.B</stackTrace></rerunFailure></testcase>
      <testcase name="passes" classname="a.B" time="0.1"><system-out>&#27;[31m words that nobody wants</system-out></testcase></testsuite>`;
    const found = readAs("tests", { format: "junit", text });
    expect(found).toMatchObject({
      passedCount: 2,
      failedCount: 1,
      skippedCount: 0,
      durationMs: 1_234_700,
      flakyCount: 1,
    });
    expect(found.flaky).toEqual([{ name: "a.B > passesLater", file: null, message: "at first\nat a.B", by: "rerun" }]);
    expect(found.failures).toEqual([{ name: "a.B > neverPasses", file: null, message: "broken\nat a.B" }]);
  });

  it("a suite whose set-up broke is a failure of its own", () => {
    const text = `<testsuite name="db"><error message="no database">refused</error><testcase name="works"/></testsuite>`;
    const found = readAs("tests", { format: "junit", text });
    expect(found).toMatchObject({ passedCount: 1, failedCount: 1 });
    expect(found.failures).toEqual([{ name: "db", file: null, message: "no database\nrefused" }]);
  });

  it("a report in pieces of any length says the same as in one", () => {
    for (const name of ["vitest-junit.xml", "node-test-junit.xml", "vitest-junit-broken-file.xml"]) {
      const text = sample(name);
      const whole = readJunit(text, OPTIONS);
      fc.assert(
        fc.property(fc.array(fc.nat(text.length), { maxLength: 20 }), (cuts) => {
          const reader = openJunit(OPTIONS);
          let from = 0;
          for (const to of [...cuts.toSorted((left, right) => left - right), text.length]) {
            reader.add(text.slice(from, to));
            from = to;
          }
          expect(reader.end()).toEqual(whole);
        }),
        { numRuns: 50 },
      );
    }
  });

  it("times that are no times, negative or beyond all measure leave the sum a whole number", () => {
    const times = ["-1", "NaN", "1e999", "1e300", "0x10", ""];
    const text = `<testsuite>${times.map((time) => `<testcase name="t" time="${time}"/>`).join("")}</testsuite>`;
    const found = readAs("tests", { format: "junit", text });
    expect(found.passedCount).toBe(times.length);
    expect(Number.isSafeInteger(found.durationMs)).toBe(true);
  });
});
