import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";

import { step } from "../../pipeline/define.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { renderWorkflow } from "./render-workflow.ts";
import { splitJobs, type JobPart } from "./split-jobs.ts";
import { actionlint, findActionlint } from "./testing/actionlint.ts";
import { anyProject } from "./testing/any-project.ts";
import { readWorkflow } from "./testing/read-workflow.ts";
import { compile, compileOrRefuse, shop } from "./testing/shop.ts";

const RUNS = process.env["GREENLIGHT_HEAVY"] === "1" ? 600 : 30;
const linter = findActionlint();
const scratch = mkdtempSync(join(tmpdir(), "greenlight-workflows-"));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("any project", { timeout: 240_000 }, () => {
  test("each step is in one job, and what it needs in the same or one before", () => {
    fc.assert(
      fc.property(anyProject, (project) => {
        const made = makeBlueprint(project, "c");
        fc.pre(made.ok);
        const delivery = made.value.pipelines["delivery"];
        if (delivery === undefined) throw new Error("no pipeline");
        const parts = splitJobs(delivery, made.value.environments);
        const steps = delivery.stages.flatMap((stage) => stage.steps);
        expect(parts.flatMap((part) => part.steps.map((each) => each.name)).toSorted()).toEqual(
          steps.map((each) => each.name).toSorted(),
        );
        for (const [index, part] of parts.entries()) {
          const before = ancestorsOf(part);
          expect([...before].every((each) => parts.indexOf(each) < index)).toBe(true);
          const known = new Set([part, ...before].flatMap((each) => each.steps.map((one) => one.name)));
          for (const each of part.steps) for (const need of Object.values(each.needs)) expect(known).toContain(need);
        }
      }),
      { numRuns: RUNS * 3 },
    );
  });

  test.skipIf(linter === null)(
    `actionlint accepts its workflow${linter === null ? " (skipped: no actionlint)" : ""}`,
    () => {
      const files: string[] = [];
      fc.assert(
        fc.property(anyProject, (project) => {
          const made = makeBlueprint(project, "c");
          fc.pre(made.ok);
          const compiled = compileOrRefuse(project);
          if (!("jobs" in compiled)) {
            expect(compiled.map((each) => each.code)).toContain("COMPILE_APPROVALS_SHARED");
            return;
          }
          const text = renderWorkflow(compiled, "greenlight.config.ts");
          // What is written is what was meant, for a reader of YAML too.
          expect((readWorkflow(text) as { jobs: object }).jobs).toMatchObject(
            Object.fromEntries(Object.entries(compiled.jobs).map(([id, job]) => [id, { name: job.name }])),
          );
          const path = join(scratch, `${files.length}.yml`);
          writeFileSync(path, text);
          files.push(path);
        }),
        { numRuns: RUNS },
      );
      expect(files.length).toBeGreaterThan(RUNS / 2);
      expect(actionlint(linter ?? "", files)).toBe("");
    },
  );

  test.skipIf(linter === null)(
    `actionlint would notice a broken one${linter === null ? " (skipped: no actionlint)" : ""}`,
    () => {
      const path = join(scratch, "broken.yml");
      const compiled = compile(shop({ test: [step("a", { run: "x" })] }));
      writeFileSync(path, renderWorkflow(compiled, "c").replace("runs-on:", "run-on:"));
      expect(actionlint(linter ?? "", [path])).toContain("run-on");
    },
  );
});

function ancestorsOf(part: JobPart): ReadonlySet<JobPart> {
  return new Set(part.needs.flatMap((each) => [each, ...ancestorsOf(each)]));
}
