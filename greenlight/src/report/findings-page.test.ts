import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { afterAll, describe, expect, it } from "vitest";

import type { Finding, FindingsEvidence } from "../evidence/evidence.ts";
import { renderHtmlReport } from "./html-report.ts";
import { renderMarkdownReport } from "./markdown-report.ts";
import { sampleFindings } from "./testing/sample-evidence.ts";
import { sampleStep, sampleView } from "./testing/sample-step.ts";

const CHROMIUM = "/usr/bin/chromium";
const canBrowse = process.env["GREENLIGHT_HEAVY"] === "1" && existsSync(CHROMIUM);
const folder = mkdtempSync(join(tmpdir(), "greenlight-page-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function finding(change: Partial<Finding>): Finding {
  return { rule: "R", level: "error", message: "m", file: "src/a.py", line: 1, outcome: "fail", ...change };
}

const BANDIT = sampleFindings("bandit", null, {
  findings: [
    finding({ rule: "B602", message: "a new shell", isNew: true, snippet: "call(<cmd>, shell=True)", column: 5 }),
    finding({
      rule: "B101",
      message: "an old assert",
      level: "warning",
      isNew: false,
      helpUri: "https://example.com/b101",
    }),
    finding({ rule: "B105", message: "a password", suppression: { reason: "only a sample", expires: "2027-01-31" } }),
  ],
  findingCount: 3,
  levels: { error: 2, warning: 1, note: 0 },
  judged: {
    failed: { error: 1, warning: 0, note: 0 },
    warned: { error: 0, warning: 0, note: 0 },
    knownCount: 1,
    suppressedCount: 1,
    vanishedCount: 2,
    vanished: [{ rule: "B9", file: "src/gone.py", message: "was here" }],
    expired: [{ reason: "for the move", expires: "2026-12-31", count: 1 }],
    unmatched: [{ index: 4, matches: "B999 of bandit", reason: "<old>", reportCount: 1 }],
  },
});
const FLAKE = sampleFindings("flake8", 3, { findings: [finding({ rule: "E501", file: "lib/b.py" })], findingCount: 1 });
const AUDIT = sampleFindings("pip-audit", null, { isInconclusive: true, why: "no advisory data" });

function viewWith(...evidence: readonly FindingsEvidence[]) {
  return sampleView([{ name: "quality", steps: [sampleStep("check", { startMs: 0, durationMs: 5 }, { evidence })] }]);
}

const view = viewWith(BANDIT, FLAKE, AUDIT);
const page = renderHtmlReport(view, { generatedAt: "2026-11-22T02:41:00.000Z" });

/** The texts of the findings that a browser shows after a choice in the filter. */
async function shownAfter(choice: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const act = `for (const [name, value] of Object.entries(${JSON.stringify(choice)})) {
    const field = document.querySelector('[data-filter="' + name + '"]');
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const shown = [...document.querySelectorAll(".findings > li")].filter((item) => item.checkVisibility());
  document.title = "<<" + JSON.stringify(shown.map((item) => item.querySelector("code").textContent)) + ">>";`;
  const path = join(folder, "page.html");
  // The page's own policy would, rightly, not let the test's script run.
  const open = page.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/u, "");
  writeFileSync(path, open.replace("</body>", `<script>${act}</script></body>`));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
  const profile = `--user-data-dir=${join(folder, "profile")}`;
  const { stdout } = await promisify(execFile)(CHROMIUM, [...flags, profile, "--dump-dom", pathToFileURL(path).href], {
    timeout: 60_000,
  });
  const [, told = "[]"] = /&lt;&lt;(.*?)&gt;&gt;/u.exec(stdout) ?? [];
  return JSON.parse(told.replaceAll("&quot;", '"')) as string[];
}

describe("the findings of the page", () => {
  it("show the line's source, novelty, reason and the rule's own page", () => {
    expect(page).toContain('<code class="source">call(&lt;cmd&gt;, shell=True)</code>');
    expect(page).toContain('<li data-level="error" data-state="new">');
    expect(page).toContain('<a href="https://example.com/b101" rel="noreferrer">B101</a>');
    expect(page).toContain("only a sample until 2027-01-31");
    expect(page).toContain("2 errors, 1 warning; 1 new, 1 known; 1 suppressed; 2 of the baseline gone");
    expect(page).toContain("1 count again since 2026-12-31: for the move");
    expect(page).toContain("src/gone.py: was here");
  });

  it("name what could be taken back, apart from the findings", () => {
    expect(page).toContain("2 things to tidy up");
    expect(page).toContain(
      "quality.suppressions.4: B999 of bandit (&lt;old&gt;) matches nothing in the one report that it speaks of",
    );
    expect(page).toContain("2 known findings are no longer found<small>drop what is gone: <code>");
    const lines = renderMarkdownReport(view).split("\n");
    expect(lines.filter((line) => line.startsWith("- to tidy up: "))).toHaveLength(2);
  });

  it("a tool that lacked its data is not shown as clean", () => {
    expect(page).toContain("inconclusive: no advisory data");
    expect(page).toContain("4 from 3 tools, 1 inconclusive");
  });

  it("the list in Markdown says the same by file", () => {
    const lines = renderMarkdownReport(view).split("\n");
    expect(lines).toContain("    - new error: line 1:5: a new shell (B602): call(\\<cmd\\>, shell=True)");
    expect(lines).toContain("    - known warning: line 1: an old assert (B101)");
    expect(lines).toContain("  - gone: src/gone.py: was here (B9)");
  });

  it("choices stay hidden without a script, and the policy lets only the page's own run", () => {
    expect(page).toMatch(/<div class="filter"[^>]* hidden="">/u);
    expect(page).toMatch(/script-src &#39;sha256-[\w+/=]+&#39;/u);
  });

  it.skipIf(!canBrowse).each([
    [{}, ["B602", "B101", "B105", "E501"]],
    [{ tool: "bandit" }, ["B602", "B101", "B105"]],
    [{ level: "warning" }, ["B101"]],
    [{ state: "new" }, ["B602"]],
    [{ state: "suppressed" }, ["B105"]],
    [{ text: "lib/ e501" }, ["E501"]],
    [{ tool: "flake8", text: "assert" }, []],
  ])(
    `a browser shows after the choice %j: %j${canBrowse ? "" : " (skipped: no browser, or not at full length)"}`,
    async (choice, rules) => {
      expect(await shownAfter(choice)).toEqual(rules);
    },
    90_000,
  );
});
