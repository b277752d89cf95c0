import { describe, expect, it } from "vitest";

import type { DeploymentEvidence } from "../evidence/evidence.ts";
import { renderHtmlDeployment, renderMarkdownDeployment } from "./deployment-report.ts";
import { ATTACKS } from "./testing/foreign-run.ts";
import { pageElements, pageSkeleton } from "./testing/page-skeleton.ts";
import { sampleDeployment } from "./testing/sample-deployment.ts";

const live = sampleDeployment("production", { startMs: 0, approvalMs: 500 });
const generatedAt = "2026-11-22T02:41:00.000Z";

function html(evidence: DeploymentEvidence, runId = ""): string {
  return renderHtmlDeployment({ project: "movies", evidence, runId }, { generatedAt });
}

function textOf(page: string): string {
  return page
    .slice(page.indexOf("<body>"))
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replace(/[\s\u00A0]+/g, " ");
}

function endedAs(state: string, why: string): DeploymentEvidence {
  const last = live.transitions.findIndex((each) => each.state === "baking");
  const transitions = [...live.transitions.slice(0, last), { state, at: "2026-11-22T02:40:59.000Z", why }];
  return { ...live, transitions };
}

describe("the report of one deployment", () => {
  it("says what, who, why, when, who approved and why, and how to go back", () => {
    const text = textOf(html(live, "01kab3dqj0f8xw2m"));
    for (const each of [
      "movies / production",
      "Live",
      "By ada: run 01kab3dqj0f8xw2m",
      "ada (terminal)",
      ": figures look good",
      "greenlight rollback production",
      "switching",
      "succeeded",
    ]) {
      expect(text).toContain(each);
    }
  });

  it("holds what the gates said and by what they judged, latency before and after side by side", () => {
    const text = textOf(html(live));
    expect(text).toContain("baking 0 of 412 requests failed");
    expect(text).toContain("Traffic Before After");
    expect(text).toContain("p95 4.10 ms 3.90 ms");
    expect(text).toContain("requests 9,120 437");
    expect(text).toContain("synthetic probes 25");
  });

  it("shows whatever figures a gate brings, without knowing it", () => {
    const gates = [
      {
        gate: "replay",
        verdict: "inconclusive" as const,
        why: "nothing was recorded",
        at: generatedAt,
        figures: { compared: 0, tolerance: 1e-6, isFirst: true, rows: { same: 0, different: 2 }, kinds: ["a", "b"] },
      },
    ];
    const text = textOf(html({ ...live, gates }));
    expect(text).toContain("inconclusive replay nothing was recorded");
    expect(text).toContain("tolerance 0.000001 is first yes rows, same 0 rows, different 2 kinds a, b");
  });

  it.each([
    ["aborted", "Aborted", "green was never ready"],
    ["rolled-back", "Rolled back", "3 probes failed in a row"],
    ["needs-human", "Needs-human", "blue is gone too"],
  ])("one that ended as %s has its report too, with the reason and no way back", (state, word, why) => {
    const text = textOf(html(endedAs(state, why)));
    expect(text).toContain(`movies / production ${word}`);
    expect(text).toContain(why);
    expect(text).not.toContain("greenlight rollback");
  });

  it("is well-nested, needs nothing else, and has a caption for each table", () => {
    const page = html(live);
    const elements = pageElements(page);
    expect(elements.filter(({ name }) => name === "h1")).toHaveLength(1);
    const count = (name: string): number => elements.filter((each) => each.name === name).length;
    expect(count("caption")).toBe(count("table"));
    expect(page).not.toMatch(/@import|url\(| src="/);
  });

  it("text from outside changes nothing but text", () => {
    const skeleton = pageSkeleton(html(live));
    for (const attack of ATTACKS) {
      const gates = live.gates?.map((each) => ({ ...each, why: attack, figures: { [attack]: attack } })) ?? [];
      const hit = { ...live, who: attack, why: attack, releaseId: attack, approval: { ...live.approval, why: attack } };
      const page = html({ ...hit, gates } as DeploymentEvidence);
      expect(() => pageElements(page)).not.toThrow();
      expect(pageSkeleton(html({ ...hit } as DeploymentEvidence))).toBe(skeleton);
    }
  });

  it("in Markdown says the same in short", () => {
    const text = renderMarkdownDeployment({ project: "movies", evidence: live, runId: "" });
    expect(text).toContain("# ✓ movies / production: live");
    expect(text).toContain("approved by ada (terminal): figures look good");
    expect(text).toContain("way back to movies-");
    expect(text).toContain("p95 4.10 ms → 3.90 ms");
    expect(text).toMatch(/\| succeeded \| 2026-/);
    expect(text).toContain("without a run");
  });
});
