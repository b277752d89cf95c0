import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { RunView } from "../../engine/run-view.ts";
import type { EffectContext } from "../../engine/steps/effect.ts";
import { failedRun, greenRun, unfinished } from "../../report/testing/sample-run.ts";
import { effectContext } from "../probing/testing/effect-context.ts";
import { report } from "./report.ts";

function contextOf(view: RunView, stateFolder: string, runId = view.id): EffectContext {
  const context = effectContext();
  return {
    ...context,
    project: { ...context.project, stateFolder },
    run: { ...context.run, id: runId },
    view: () => view,
  };
}

describe("the report effect", () => {
  it("writes page, Markdown and findings below the run's own folder, and the page as the latest", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "report-"));
    const view = unfinished(greenRun());
    const result = await report(null, contextOf(view, folder.path));
    const own = join(folder.path, "reports", view.id);
    expect(result).toMatchObject({
      outcome: "passed",
      isAlready: false,
      why: "each run has its own",
      problems: [],
      facts: { html: join(own, "report.html"), markdown: join(own, "report.md"), sarif: join(own, "findings.sarif") },
    });
    const page = await readFile(join(own, "report.html"), "utf8");
    expect(page).toContain("<h1>Passed</h1>");
    expect(await readFile(join(folder.path, "reports/latest.html"), "utf8")).toBe(page);
    expect(await readFile(join(own, "report.md"), "utf8")).toContain("# ✓ movies / delivery: passed");
    expect((await readdir(own)).toSorted()).toEqual(["findings.sarif", "report.html", "report.md"]);
  });

  it("the merged SARIF holds the findings of every tool, also of those that found none", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "report-"));
    const view = failedRun();
    await report(null, contextOf(view, folder.path));
    const log = JSON.parse(await readFile(join(folder.path, "reports", view.id, "findings.sarif"), "utf8")) as {
      version: string;
      runs: { tool: { driver: { name: string } }; results: { ruleId: string }[] }[];
    };
    expect(log.version).toBe("2.1.0");
    expect(log.runs.map((run) => [run.tool.driver.name, run.results.length])).toEqual([
      ["oxfmt", 0],
      ["oxlint", 3],
      ["tsc", 0],
      ["secretlint", 0],
    ]);
  });

  it("the latest page is that of the last run, and a second call replaces the first", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "report-"));
    await report(null, contextOf(greenRun(), folder.path));
    await report(null, contextOf({ ...failedRun(), id: "01kab3zz" }, folder.path));
    await report(null, contextOf({ ...failedRun(), id: "01kab3zz" }, folder.path));
    expect(await readFile(join(folder.path, "reports/latest.html"), "utf8")).toContain("<h1>Failed</h1>");
    expect((await readdir(join(folder.path, "reports"))).toSorted()).toEqual([
      "01kab3dqj0f8xw2m",
      "01kab3zz",
      "latest.html",
    ]);
  });

  it("a folder that can't be written is the machine's fault and names the place", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "report-"));
    await writeFile(join(folder.path, "reports"), "a file where the folder should be");
    const result = await report(null, contextOf(greenRun(), folder.path));
    expect(result.outcome).toBe("errored");
    expect(result.problems.map((each) => each.code)).toEqual(["STORE_UNWRITABLE"]);
    expect(result.problems[0]?.place).toContain("reports");
  });

  it("a cancelled run gets its report all the same", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "report-"));
    const context = { ...contextOf(greenRun(), folder.path), signal: AbortSignal.abort(new Error("cancelled")) };
    expect((await report(null, context)).outcome).toBe("passed");
  });

  it("an id that is a path can't leave the folder", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "report-"));
    const state = join(folder.path, "state");
    await mkdir(state);
    await expect(report(null, contextOf({ ...greenRun(), id: "../../escaped" }, state))).rejects.toThrow(
      "not the id of a run",
    );
    expect(await readdir(folder.path)).toEqual(["state"]);
    expect(await readdir(state)).toEqual([]);
  });
});
