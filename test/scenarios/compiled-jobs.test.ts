import { existsSync, readdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { actionlint, findActionlint } from "../../greenlight/src/compilers/github-actions/testing/actionlint.ts";
import { LedgerWorkflow, ROWS, WORKFLOW } from "./testing/ledger-workflow.ts";

const linter = findActionlint();
/** Each of these takes a project through several clones. */
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

describe("the jobs of a compiled workflow", () => {
  let workflow: LedgerWorkflow;

  beforeEach(async () => {
    workflow = await LedgerWorkflow.compile();
  });
  afterEach(() => workflow.dispose());

  test.skipIf(linter === null)(`are of a valid workflow${linter === null ? " (skipped: no actionlint)" : ""}`, () => {
    expect(actionlint(linter ?? "", [join(workflow.sandbox.folder, WORKFLOW)])).toBe("");
  });

  test.runIf(IS_HEAVY)("come to the same as one run on one machine, and no step runs twice", async () => {
    const { results } = await workflow.run({ github: { event_name: "workflow_dispatch" } });
    expect(results).toEqual({
      "id-github-actor": "success",
      "test-unit": "success",
      test: "success",
      "test-2": "success",
      build: "success",
      publish: "skipped",
      finally: "success",
    });
    expect([...workflow.rows()].toSorted()).toEqual(ROWS.filter((row) => row !== "on pushes").toSorted());
    expect(workflow.merged()).toEqual(workflow.runHere());
  });

  test.runIf(IS_HEAVY)("leave out what is for pushes, for a pull request", async () => {
    const pull = await workflow.run({ github: { event_name: "pull_request", ref_name: "3/merge", head_ref: "fix" } });
    expect(pull.results).toMatchObject({ build: "success", publish: "skipped", finally: "success" });
    expect(workflow.merged()).not.toHaveProperty("on pushes");
  });

  test.runIf(IS_HEAVY)("stop behind a combination that fails, and still do what comes last", async () => {
    const { results, jobs } = await workflow.run({ github: { event_name: "workflow_dispatch" }, env: { FAIL: "22" } });
    expect(results).toEqual({
      "id-github-actor": "success",
      "test-unit": "failure",
      test: "success",
      "test-2": "skipped",
      build: "skipped",
      publish: "skipped",
      finally: "success",
    });
    expect([...workflow.rows()].toSorted()).toEqual(["films", "lint", "notes", "sweep", "unit 22 linux"]);
    expect(workflow.merged()).toEqual(workflow.runHere({ FAIL: "22" }));
    const last = jobs.find((each) => each.job === "finally");
    expect(existsSync(join(last?.workspace ?? "", ".greenlight/reports/ci-77/report.html"))).toBe(true);
    expect(existsSync(join(workflow.scratch, "runner/artifacts/greenlight-report-1/ci-77/report.html"))).toBe(true);
  });

  test.runIf(IS_HEAVY)("that failed can be repeated, and go on with the same run", async () => {
    const env = { FAIL: "22" };
    expect((await workflow.run({ env })).results).toMatchObject({
      "test-unit": "failure",
      "test-2": "skipped",
      finally: "success",
    });
    writeFileSync(`${workflow.ledger}.mended`, "");
    // What GitHub calls "re-run failed jobs": those that failed, and all that wait for them.
    const kept = { "id-github-actor": "success", test: "success" } as const;
    const { results } = await workflow.run({ env, attempt: 2, kept });
    expect(Object.values(results)).toEqual(Array(7).fill("success"));
    expect(new Set(Object.values(workflow.merged()))).toEqual(new Set(["passed"]));
    const twice = ["unit 22 linux", "sweep"];
    expect([...workflow.rows()].toSorted()).toEqual([...ROWS, ...twice].toSorted());
  });

  test.runIf(IS_HEAVY)("refuse to go on without what an earlier job left", async () => {
    const { results, jobs } = await workflow.run({
      beforeJob: (job, artifacts) => {
        if (job === "build") rmSync(join(artifacts, "greenlight-part-test-2-0-1"), { recursive: true });
      },
    });
    expect(results).toMatchObject({ "test-2": "success", build: "failure", publish: "skipped" });
    expect(jobs.find((each) => each.job === "build")?.output).toContain('HANDOVER_INCOMPLETE: stage build: "merge"');
    expect(workflow.rows()).not.toContain("bundle");
    // What came last tells that nobody knows what became of the step, and does not call it passed.
    expect(results["finally"]).toBe("failure");
    expect(workflow.merged()).toMatchObject({ merge: "errored", bundle: "skipped" });
  });

  test.runIf(IS_HEAVY)("refuse what is torn", async () => {
    const { results, jobs } = await workflow.run({
      beforeJob: (job, artifacts) => {
        if (job !== "build") return;
        const blobs = join(artifacts, "greenlight-part-id-github-actor-0-1/id-github-actor-0-1/blobs");
        const [first = ""] = readdirSync(blobs);
        const [file = ""] = readdirSync(join(blobs, first));
        unlinkSync(join(blobs, first, file));
      },
    });
    expect(results["build"]).toBe("failure");
    expect(jobs.find((each) => each.job === "build")?.output).toContain(
      "HANDOVER_INCOMPLETE: part id-github-actor-0-1: the file",
    );
    expect(results["finally"]).toBe("failure");
  });
});
