import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { renderMarkdownReport } from "./markdown-report.ts";
import { anyText } from "./testing/any-text.ts";
import { ATTACKS, attacksAt, foreignRun } from "./testing/foreign-run.ts";
import { cachedRun, failedRun, fullRun, greenRun } from "./testing/sample-run.ts";
import { sampleView } from "./testing/sample-step.ts";

/** Per line: how it begins, and what in it Markdown acts on. Texts from outside must not change it. */
function structureOf(report: string): readonly string[] {
  return report.split("\n").map((line) => {
    const start = /^ *(?:#+ |- |\| |---|\d+[.)]|[=+>])/.exec(line)?.[0] ?? "";
    return (
      start +
      line
        .replace(/\\./g, "")
        .replace(/[^`*_[\]<>|~&$()]/g, "")
        .replace(/[()]+/g, "")
    );
  });
}

describe("the Markdown report", () => {
  it("begins with outcome, sentence and where it came from", () => {
    expect(renderMarkdownReport(greenRun()).split("\n").slice(0, 8)).toEqual([
      "# ✓ movies / delivery: passed",
      "",
      "All 21 steps passed in 45.2 s; movies-9c41d07ab3e2 is live in staging and production.",
      "",
      "- Branch: main, commit: 1f2e3d4c5b6a79880716253443526170fedcba98",
      "- Started by: ada (manual) at 2026-11-22T02:40:00.000Z",
      "- Duration: 45.2 s",
      "- Release: movies-9c41d07ab3e2",
    ]);
  });

  it("holds the page's topics in the page's order", () => {
    const titles = [...renderMarkdownReport(greenRun()).matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(titles).toEqual([
      "Why each step ran",
      "Findings",
      "Tests",
      "Coverage",
      "Data validation",
      "Model",
      "Gate",
      "Release",
      "Deployments",
      "Smoke checks",
      "Latency",
      "Health",
      "Left out of this run",
    ]);
  });

  it("puts the problems of a failed run first and names what was not measured", () => {
    const report = renderMarkdownReport(failedRun());
    expect([...report.matchAll(/^## (.*)$/gm)].map((match) => match[1])[0]).toBe("Problems");
    expect(report).toContain(
      "- ✗ **unit tests**: COVERAGE\\_BELOW\\_FLOOR: step “unit tests”: 81.2 % of lines are covered, the floor is 85 %. Remedy: test the uncovered lines",
    );
    expect(report).toContain("data validation, model, gate, release, deployments, smoke checks, latency, health");
  });

  it("says why each step did or did not run", () => {
    expect(renderMarkdownReport(greenRun())).toContain(
      "| test | ✓ unit tests | ran: movies/src/model/tree.ts changed | 6.8 s |  |",
    );
    expect(renderMarkdownReport(cachedRun())).toContain(
      "| build | ○ train | from cache: nothing changed since run 01kab3dqj0f8xw2m | 14 ms | 12.3 s |",
    );
  });

  it("every row of a table has as many cells as its head", () => {
    const report = renderMarkdownReport(fullRun());
    let cellCount = 0;
    for (const line of report.split("\n")) {
      const count = line.replace(/\\./g, "").split("|").length - 1;
      if (!line.startsWith("|")) cellCount = 0;
      else if (cellCount === 0) cellCount = count;
      else expect(count).toBe(cellCount);
    }
    expect(report).toContain("| ---");
  });

  it("text from outside changes nothing but text", () => {
    const everything = fullRun();
    const calm = structureOf(renderMarkdownReport(foreignRun(everything, "calm")));
    for (let shift = 0; shift < ATTACKS.length; shift += 3) {
      const attacked = foreignRun(everything, (index) => attacksAt(index + shift));
      expect(structureOf(renderMarkdownReport(attacked))).toEqual(calm);
    }
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(structureOf(renderMarkdownReport(foreignRun(everything, text)))).toEqual(calm);
      }),
      { numRuns: 40, examples: [["\u001B]\u0000"]] },
    );
  });

  it("a run without any step still says what it is", () => {
    expect(renderMarkdownReport(sampleView([], { outcome: "errored" }))).toContain("# ✗ movies / delivery: errored");
  });
});
