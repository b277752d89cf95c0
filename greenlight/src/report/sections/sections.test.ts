import { describe, expect, it } from "vitest";

import type { Evidence } from "../../evidence/evidence.ts";
import { sectionsOf } from "../sections.ts";
import { sampleDeployment } from "../testing/sample-deployment.ts";
import { COVERAGE, sampleFindings, UNIT_TESTS, VALIDATION } from "../testing/sample-evidence.ts";
import { MODEL } from "../testing/sample-model.ts";
import { greenRun, patientRun } from "../testing/sample-run.ts";
import { sampleStep, sampleView } from "../testing/sample-step.ts";
import { funnelRows } from "./validation-section.ts";

const TOPICS: Readonly<Record<Evidence["kind"], string>> = {
  findings: "findings",
  tests: "tests",
  coverage: "coverage",
  validation: "data",
  model: "model",
  gate: "gate",
  release: "release",
  deployment: "deployments",
  smoke: "smoke",
  benchmark: "latency",
  health: "health",
};

function viewWith(...evidence: readonly Evidence[]) {
  return sampleView([{ name: "test", steps: [sampleStep("step", { startMs: 0, durationMs: 50 }, { evidence })] }]);
}

function sectionText(id: string, ...evidence: readonly Evidence[]): string {
  const section = sectionsOf(viewWith(...evidence)).find((each) => each.id === id);
  return `${section?.summary ?? "no such section"} ${section?.page.source ?? ""}`
    .replace(/<[^>]*>/g, " ")
    .replace(/[\s\u00A0]+/g, " ");
}

describe("a topic", () => {
  const samples = new Map(
    greenRun()
      .stages.flatMap((stage) => stage.steps.flatMap((step) => step.evidence))
      .map((each) => [each.kind, each]),
  );

  it("of every kind of evidence is in the sample run", () => {
    expect([...samples.keys()].toSorted()).toEqual(Object.keys(TOPICS).toSorted());
  });

  it.each([...samples])(
    "%s has its section when there is evidence, and is named as not measured when there is none",
    (kind, evidence) => {
      const present = sectionsOf(viewWith(evidence));
      const absent = sectionsOf(viewWith());
      expect(present.map((section) => section.id)).toContain(TOPICS[kind]);
      expect(absent.map((section) => section.id)).not.toContain(TOPICS[kind]);
      const unmeasured = (sections: typeof absent): number =>
        sections.find((section) => section.id === "unmeasured")?.page.source.match(/<li>/g)?.length ?? 0;
      expect(unmeasured(absent) - unmeasured(present)).toBe(1);
    },
  );
});

describe("findings", () => {
  it("none are claimed only over the files that the tool says it read", () => {
    expect(sectionText("findings", sampleFindings("oxlint", 118))).toContain("none in 118 files");
    expect(sectionText("findings", sampleFindings("tsc", null))).toContain(
      "none; the tool does not say how many files it read",
    );
  });

  it("more findings than were kept are counted in full", () => {
    const finding = { rule: "r", level: "error" as const, message: "m", file: null, line: null };
    const text = sectionText("findings", sampleFindings("oxlint", 9, { findings: [finding], findingCount: 3_412 }));
    expect(text).toContain("3,412 findings in 9 files");
    expect(text).toContain("3,411 more are not shown here");
    expect(text).toContain("no file named");
  });
});

describe("tests and coverage", () => {
  it("flaky tests are counted and named with how they were told", () => {
    const flaky = [{ name: "shaky", file: "a.ts", message: "timed out", by: "retry" as const }];
    const text = sectionText("tests", { ...UNIT_TESTS, flaky, flakyCount: 3 });
    expect(text).toContain("186 passed, 3 flaky");
    expect(text).toContain("shaky step, a.ts: passed when the step was tried again");
    expect(text).toContain("2 more flaky tests not shown here");
  });

  it("versions stand side by side, with what failed where", () => {
    const failed = { ...UNIT_TESTS, failedCount: 1, failures: [{ name: "old syntax", file: null, message: "no" }] };
    const steps = [failed, UNIT_TESTS].map((each, index) =>
      sampleStep(`unit tests (node=2${index})`, { startMs: 0, durationMs: 50 }, { evidence: [each] }),
    );
    const view = sampleView([{ name: "test", steps }]);
    const page = sectionsOf(view).find((each) => each.id === "tests")?.page.source ?? "";
    expect(page).toContain("what failed where");
    expect(page).toMatch(/old syntax<\/th><td class="bad">failed<\/td><td>did not fail<\/td>/);
  });

  it("merged coverage speaks for the run, and tells what changed and what was left out", () => {
    const merged: Evidence = {
      ...COVERAGE,
      lines: { coveredCount: 9, totalCount: 10 },
      floorPercent: 80,
      mergedFrom: ["step"],
      strangers: { count: 1, paths: ["gone.ts"] },
      changed: {
        isKnown: true,
        against: "main (1f2e3d4)",
        lines: { coveredCount: 1, totalCount: 2 },
        floorPercent: 40,
        files: [{ path: "src/a.ts", lines: { coveredCount: 1, totalCount: 2 }, missed: "7" }],
      },
    };
    const text = sectionText("coverage", COVERAGE, merged);
    expect(text).toMatch(/^90.0 % of lines \(floor 80 %\) /);
    expect(text).toContain("50.0 % of 2 lines changed since main (1f2e3d4) covered (floor 40 %)");
    expect(text).toContain("src/a.ts 7");
    expect(text).toContain("does not have them: gone.ts");
  });

  it("a run of no tests is not called a pass", () => {
    expect(sectionText("tests", { ...UNIT_TESTS, passedCount: 0, skippedCount: 0 })).toContain("no tests were found");
  });

  it("coverage of nothing is neither full nor empty", () => {
    const none = { coveredCount: 0, totalCount: 0 };
    expect(sectionText("coverage", { ...COVERAGE, lines: none })).toContain("none there of lines");
  });

  it("the least covered files stand first and fully covered ones are left out", () => {
    const text = sectionText("coverage", COVERAGE);
    expect(text.indexOf("src/api/docs.ts")).toBeLessThan(text.indexOf("src/collect/vega-source.ts"));
    expect(text).not.toContain("src/model/ridge.ts");
  });
});

describe("the funnel", () => {
  it("leads from the rows read to the rows kept, and repairs take none away", () => {
    const rows = funnelRows(VALIDATION);
    expect(rows?.at(0)).toMatchObject({ before: 3_201, after: 3_200 });
    expect(rows?.find((row) => row.action === "repair")).toMatchObject({ before: 3_200, after: 3_200 });
    expect(rows?.at(-1)?.after).toBe(2_873);
  });

  it("shows no running total when the counts do not lead there", () => {
    const evidence = { ...VALIDATION, keptCount: 2_900 };
    expect(funnelRows(evidence)).toBeNull();
    expect(sectionText("data", evidence)).toContain("no running total is shown");
  });
});

describe("the model", () => {
  it("stands beside its baselines, best first, and its slices worst first", () => {
    const text = sectionText("model", MODEL);
    expect(text).toContain("this model has 3.1 % lower error than ridge");
    expect(text.indexOf("ridge")).toBeLessThan(text.indexOf("constant"));
    expect(text.indexOf("Musical")).toBeLessThan(text.indexOf("Horror"));
    expect(text.indexOf("Horror")).toBeLessThan(text.indexOf("Western"));
  });

  it("a worse model is called worse, and one without baselines is not praised", () => {
    const worse = { ...MODEL, metrics: { ...MODEL.metrics, rmse: 1.3 } };
    expect(sectionText("model", worse)).toContain("24.9 % higher error than ridge");
    expect(sectionText("model", { ...MODEL, baselines: [] })).toContain("No baseline was measured in this run");
  });
});

describe("deployments and the time line", () => {
  it("a deployment that was live already keeps its history folded", () => {
    const evidence = sampleDeployment("production", { startMs: 0, approvalMs: 0 }, { isAlready: true });
    expect(sectionText("deployments", evidence)).toContain("already live");
    expect(sectionsOf(viewWith(evidence)).find((each) => each.id === "deployments")?.page.source).toContain(
      "<details>",
    );
  });

  it("a long wait for approval is named and drawn shorter", () => {
    const timeline = sectionsOf(patientRun(25)).find((section) => section.id === "timeline");
    expect(timeline?.summary.replaceAll("\u00A0", " ")).toBe(
      "25 min 45 s, 25 min 6 s of it waiting for approval (drawn shorter)",
    );
    expect(timeline?.page.source).toContain("waiting, drawn shorter");
    const usual = sectionsOf(greenRun()).find((section) => section.id === "timeline");
    expect(usual?.page.source).not.toContain("drawn shorter");
  });

  it("steps that ran, came from cache or had nothing to do look different", () => {
    const steps = [
      sampleStep("ran", { startMs: 0, durationMs: 900 }),
      sampleStep("cached", { startMs: 0, durationMs: 900 }, { isFromCache: true }),
      sampleStep("already", { startMs: 0, durationMs: 900 }, { isAlready: true, kind: "effect" }),
    ];
    const page =
      sectionsOf(sampleView([{ name: "build", steps }])).find((section) => section.id === "timeline")?.page.source ??
      "";
    const rows = [...page.matchAll(/<li class="row">.*?<\/li>/gs)].map(([row]) => row);
    expect(rows.map((row) => /class="((?:bar|ring)[^"]*)"/.exec(row)?.[1])).toEqual([
      "bar good",
      "bar hollow good",
      "ring good",
    ]);
  });
});
