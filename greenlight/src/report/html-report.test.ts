import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { RunView } from "../engine/run-view.ts";
import { renderHtmlReport } from "./html-report.ts";
import { anyText } from "./testing/any-text.ts";
import { ATTACKS, attacksAt, foreignRun } from "./testing/foreign-run.ts";
import { pageElements, pageSkeleton } from "./testing/page-skeleton.ts";
import { cachedRun, failedRun, fullRun, greenRun, patientRun, unfinished } from "./testing/sample-run.ts";
import { sampleStep, sampleView } from "./testing/sample-step.ts";

const generatedAt = "2026-11-22T02:41:00.000Z";

function render(view: RunView): string {
  return renderHtmlReport(view, { generatedAt });
}

/** What a reader sees: without head, tags and references. */
function textOf(page: string): string {
  return page
    .slice(page.indexOf("<body>"))
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replace(/[\s\u00A0]+/g, " ");
}

function sectionIds(page: string): readonly string[] {
  return pageElements(page)
    .filter((element) => element.name === "section")
    .flatMap((element) => element.attributes.filter((attribute) => attribute.name === "id").map(({ value }) => value));
}

const RUNS: readonly (readonly [string, RunView])[] = [
  ["a green run", greenRun()],
  ["a failed run", failedRun()],
  ["a run from cache", cachedRun()],
  ["a run that waited for its approval", patientRun(25)],
  ["a run that still writes its report", unfinished(greenRun())],
  ["a run without any step", sampleView([])],
];

describe("the page", () => {
  it.each(RUNS)("%s gives well-nested elements, unique ids, and links that lead somewhere", (_name, view) => {
    const elements = pageElements(render(view));
    const values = (name: string): readonly string[] =>
      elements.flatMap((element) => element.attributes.filter((each) => each.name === name).map(({ value }) => value));
    const ids = values("id");
    expect(new Set(ids).size).toBe(ids.length);
    const inner = values("href").filter((href) => href.startsWith("#"));
    expect(inner.filter((href) => !ids.includes(href.slice(1)))).toEqual([]);
    expect(elements.filter((element) => element.name === "h1")).toHaveLength(1);
    const captions = elements.filter((element) => element.name === "caption");
    expect(captions).toHaveLength(elements.filter((element) => element.name === "table").length);
  });

  it.each(RUNS)("%s stays far below 300 KB and loads nothing", (_name, view) => {
    const page = render(view);
    expect(Buffer.byteLength(page)).toBeLessThan(150_000);
    const loading = pageElements(page).flatMap((element) =>
      element.attributes.filter(
        ({ name, value }) =>
          /^(src|srcset|data)$/.test(name) ||
          (element.name === "link" && name === "href" && !value.startsWith("data:")),
      ),
    );
    expect(loading).toEqual([]);
    expect(page).not.toMatch(/@import|url\(/);
  });

  it("shows outcome, release, where it is live and the model's figure before anything else", () => {
    const text = textOf(render(greenRun()));
    const places = [
      "Passed",
      "is live in staging and production",
      "main",
      "1f2e3d4c5b",
      "1.009 RMSE",
      "3.1 % lower error than ridge",
      "209 passed",
      "Time line 45.2 s",
    ].map((each) => text.indexOf(each));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((left, right) => left - right));
  });

  it("puts the sections in a fixed order", () => {
    expect(sectionIds(render(greenRun()))).toEqual([
      "timeline",
      "steps",
      "findings",
      "tests",
      "coverage",
      "data",
      "model",
      "gate",
      "release",
      "deployments",
      "smoke",
      "latency",
      "health",
      "dropped",
    ]);
  });

  it("a failed run shows its problems first, with code, place and remedy, and claims nothing about the rest", () => {
    const page = render(failedRun());
    expect(sectionIds(page)).toEqual(["problems", "timeline", "steps", "findings", "tests", "coverage", "unmeasured"]);
    expect(page.indexOf('id="problems"')).toBeLessThan(page.indexOf('aria-label="At a glance"'));
    const text = textOf(page);
    expect(text).toContain("“unit tests” failed in stage test");
    expect(text).toContain("nothing was deployed in this run");
    expect(text).toContain("COVERAGE_BELOW_FLOOR");
    expect(text).toContain("test the uncovered lines, or lower the floor on purpose");
    expect(text).toContain("expected 17 to be greater than or equal to 20");
    expect(text).toMatch(
      /Not measured in this run.*data validation model gate release deployments smoke checks latency health/,
    );
  });

  it("a warning's problem stands behind the glance, since the run passed", () => {
    const step = sampleStep(
      "lint",
      { startMs: 0, durationMs: 5 },
      {
        outcome: "warned",
        problems: [{ code: "COMMAND_FAILED", place: "lint", message: "3 warnings", remedy: "mend them" }],
      },
    );
    const page = render(sampleView([{ name: "quality", steps: [step] }], { outcome: "warned" }));
    expect(page.indexOf('id="problems"')).toBeGreaterThan(page.indexOf('aria-label="At a glance"'));
    expect(textOf(page)).toContain("Passed with a warning from “lint”");
  });

  it("a run from cache says so, and shows what was saved", () => {
    const text = textOf(render(cachedRun()));
    expect(text).toContain("Nothing had changed: all 13 tasks came from cache");
    expect(text).toContain("nothing changed since run 01kab3dqj0f8xw2m");
    expect(text).toContain("production already serves movies-9c41d07ab3e2");
    expect(text).toContain("13 from cache, saved 37.4 s");
  });

  it("a run that still writes its report is judged by the steps that have ended", () => {
    const text = textOf(render(unfinished(greenRun())));
    expect(text).toContain("Passed 20 steps passed");
    expect(text).toContain("so far");
    expect(text).toContain("had not ended when this report was written");
  });

  it("a run without any step still says what it is", () => {
    const page = render(sampleView([], { outcome: "errored" }));
    expect(textOf(page)).toContain("Errored");
    expect(sectionIds(page)).toEqual(["unmeasured"]);
  });

  it("the same view gives the same bytes", () => {
    expect(render(greenRun())).toBe(render(greenRun()));
  });

  it("its policy lets only its own script run", async () => {
    const page = render(greenRun());
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script)));
    expect(page).toContain(`script-src &#39;sha256-${digest.toString("base64")}&#39;`);
    expect(page).toContain("default-src &#39;none&#39;");
  });
});

describe("text from outside", () => {
  const everything = fullRun();
  const dates = ["at", "startedAt", "endedAt"];
  const calm = skeleton(foreignRun(everything, "calm"));

  it("changes nothing but text, whichever attack stands in which field", () => {
    for (let shift = 0; shift < ATTACKS.length; shift += 3) {
      const attacked = foreignRun(everything, (index) => attacksAt(index + shift));
      expect(skeleton(attacked)).toBe(calm);
    }
  });

  it("changes nothing but text where a time was expected", () => {
    const calmTimes = skeleton(foreignRun(everything, "calm", dates));
    for (const attack of ["---", '"><b>', "1", "2026-13-45T99:99:99Z", "</script>"]) {
      expect(skeleton(foreignRun(everything, attack, dates))).toBe(calmTimes);
    }
  });

  it("never adds, drops or changes an element or attribute, whatever it is", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(skeleton(foreignRun(everything, text))).toBe(calm);
      }),
      { numRuns: 25 },
    );
  });

  it("an address becomes a link only when it is plain HTTP", () => {
    for (const attack of [
      "javascript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "http://user:word@host/",
      "//host",
    ]) {
      const hrefs = pageElements(render(foreignRun(greenRun(), attack, ["url"]))).flatMap((element) =>
        element.attributes.filter(({ name, value }) => name === "href" && !/^(#|data:image\/svg)/.test(value)),
      );
      expect(hrefs).toEqual([]);
    }
    const links = pageElements(render(greenRun())).flatMap((element) =>
      element.attributes.filter(({ value }) => value === "http://127.0.0.1:8000/"),
    );
    expect(links.length).toBeGreaterThan(0);
  });

  it("keeps its size bounded when a tool reports far too much", () => {
    const step = sampleStep(
      "lint",
      { startMs: 0, durationMs: 5 },
      {
        evidence: [
          {
            kind: "findings",
            tool: "lint",
            checkedCount: 9,
            findingCount: 50_000,
            findings: Array.from({ length: 5_000 }, (_, index) => ({
              rule: "r",
              level: "error" as const,
              message: "m".repeat(9_000),
              file: `f${index}`,
              line: index,
            })),
          },
        ],
      },
    );
    const page = render(sampleView([{ name: "quality", steps: [step] }]));
    expect(textOf(page)).toContain("49,800 more are not shown here");
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
  });
});

/** `code` marks what stood between grave accents: the one mark that messages may carry. */
function skeleton(view: RunView): string {
  return pageSkeleton(render(view)).replaceAll("\ncode", "");
}
