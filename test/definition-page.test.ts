import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterAll, expect, test } from "vitest";

import { step } from "../greenlight/src/pipeline/define.ts";
import { makeBlueprint } from "../greenlight/src/pipeline/make-blueprint.ts";
import { makePlan } from "../greenlight/src/pipeline/make-plan.ts";
import type { Plan, RunTrigger } from "../greenlight/src/pipeline/plan.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/definition.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "greenlight-page-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The example's plan for a push to a branch. */
async function planExample(branch: string): Promise<Plan> {
  const [, example = ""] = /```ts\n(.+?)```/su.exec(page) ?? [];
  const source = pathToFileURL(join(import.meta.dirname, "../greenlight/src/index.ts")).href;
  const path = join(folder, "greenlight.config.ts");
  writeFileSync(path, example.replace('from "greenlight"', `from ${JSON.stringify(source)}`));
  const module = (await import(pathToFileURL(path).href)) as { default: unknown };
  const made = makeBlueprint(module.default, path);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const trigger: RunTrigger = { kind: "push", branch, commit: null, isDirty: false, who: "kim" };
  const planned = makePlan(made.value, { pipeline: "delivery", trigger, selection: "branch" });
  if (!planned.ok) throw new Error(JSON.stringify(planned.error));
  return planned.value;
}

test("the example of the page on definitions is one, and plans as the page says", async () => {
  const plan = await planExample("main");
  expect(plan.stages.map((stage) => stage.steps.map((each) => each.name))).toEqual([
    ["unit tests (22)", "unit tests (24)", "unit tests (26)", "slow lint"],
    ["train", "upload"],
  ]);
  expect(plan.stages[1]?.steps[0]?.needs).toEqual({
    "tests[22]": "unit tests (22)",
    "tests[24]": "unit tests (24)",
    "tests[26]": "unit tests (26)",
  });
  expect(plan.concurrency?.group).toBe("delivery-main");
  expect((await planExample("feature")).dropped).toEqual([
    { step: "upload", why: "runs only on branch main or release/*" },
  ]);
});

test("the page on definitions lists every field that a step may have", () => {
  const [, table = ""] = page.split("## What every step may say");
  const listed = [...(table.split("\n## ")[0] ?? "").matchAll(/^\| `(\w+)`/gmu)].map(([, field]) => field ?? "");
  // What a constructor sets by itself, and what only one kind of step has.
  const special = new Set(["kind", "name", "action", "environment", "isSealing"]);
  const fields = Object.keys(step("any", { run: "true" })).filter((field) => !special.has(field));
  expect(listed.toSorted()).toEqual(fields.toSorted());
});
