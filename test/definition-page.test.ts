import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterAll, expect, test } from "vitest";

import { DEFAULT_REPLAY } from "../greenlight/src/app/gates/deploy-gates.ts";
import { recordingSettings } from "../greenlight/src/app/gates/recording-settings.ts";
import { DEFAULT_BAKING } from "../greenlight/src/deployment/gates/baking-policy.ts";
import { step } from "../greenlight/src/pipeline/define.ts";
import type { EnvironmentDefinition } from "../greenlight/src/pipeline/definition.ts";
import { BAKING, HEALTH, RECORD, REPLAY } from "../greenlight/src/pipeline/gates-form.ts";
import { makeBlueprint } from "../greenlight/src/pipeline/make-blueprint.ts";
import { makePlan } from "../greenlight/src/pipeline/make-plan.ts";
import type { Plan, RunTrigger } from "../greenlight/src/pipeline/plan.ts";
import { isQuality } from "../greenlight/src/pipeline/quality-form.ts";
import { DEFAULT_RETENTION } from "../greenlight/src/pipeline/retention-definition.ts";
import { isRetention, RETENTION } from "../greenlight/src/pipeline/retention-form.ts";

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

/** Field → what holds when it is left out, by the table below a heading of the page. */
function tableOf(heading: string): Map<string, string> {
  const [, rest = ""] = page.split(`\n### \`${heading}\``);
  const rows = (rest.split(/\n#{2,3} /u)[0] ?? "").matchAll(/^\| `(\w+)`.*\| ([^|]+) \|$/gmu);
  return new Map([...rows].map(([, field = "", leftOut = ""]) => [field, leftOut.trim()]));
}

/** As the page writes a value. */
function written(value: unknown): string {
  if (typeof value === "string" || typeof value === "boolean") return `\`${String(value)}\``;
  if (typeof value !== "number") return "none";
  if (value >= 2 ** 20) return `${value / 2 ** 20} MiB`;
  return value >= 2 ** 14 ? `${value / 2 ** 10} KiB` : String(value);
}

test("the page on definitions lists every field of an environment's gates, and what holds without it", () => {
  expect([...tableOf("health").keys()].toSorted()).toEqual(Object.keys(HEALTH).toSorted());
  expect([...tableOf("record").keys()].toSorted()).toEqual(Object.keys(RECORD).toSorted());
  expect([...tableOf("replay").keys()].toSorted()).toEqual(Object.keys(REPLAY).toSorted());
  expect([...tableOf("baking").keys()].toSorted()).toEqual(Object.keys(BAKING).toSorted());

  expect(Object.fromEntries(tableOf("baking"))).toEqual(
    Object.fromEntries(Object.entries(DEFAULT_BAKING).map(([field, value]) => [field, written(value)])),
  );
  const environment = { record: { requests: [{ method: "GET", path: "/" }] } } as unknown as EnvironmentDefinition;
  const { requests: _required, ...recording } = recordingSettings(environment) ?? {};
  for (const [field, value] of Object.entries(recording)) {
    expect([field, tableOf("record").get(field)]).toEqual([field, Array.isArray(value) ? "none" : written(value)]);
  }
  for (const [field, value] of Object.entries(DEFAULT_REPLAY)) {
    const leftOut = value === null ? "whatever they like" : field === "tolerance" ? "0.000001" : written(value);
    expect([field, tableOf("replay").get(field)]).toEqual([field, leftOut]);
  }
});

test("the page's example of an environment is one", async () => {
  const [, example = ""] = /## Environments.*?```ts\n(.+?)```/su.exec(page) ?? [];
  const root = join(import.meta.dirname, "../greenlight/src");
  const url = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href);
  const path = join(folder, "environment.ts");
  writeFileSync(
    path,
    `import { processes } from ${url("adapters/targets/index.ts")};
import { defineProject, pipeline, step } from ${url("index.ts")};
${example}
const stages = { all: [step("any", { run: "true" })] };
export default defineProject({ name: "films", environments: { production }, pipelines: { any: pipeline({ stages }) } });
`,
  );
  const module = (await import(pathToFileURL(path).href)) as { default: unknown };
  expect(makeBlueprint(module.default, path)).toMatchObject({
    ok: true,
    value: { environments: { production: { replay: { p95Ms: 50 } } } },
  });
});

test("the page on definitions lists every field of the retention, and what holds without it", () => {
  const [, section = ""] = /\n## Retention\n(.+?)\n## /su.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `([\w.]+)`.*\| ([^|]+) \|$/gmu)];
  const listed = new Map(rows.map(([, field = "", leftOut = ""]) => [field, leftOut.trim()]));
  const fields = Object.entries(RETENTION).flatMap(([part, own]) =>
    Object.keys(own).map((field) => `${part}.${field}`),
  );
  expect([...listed.keys()].toSorted()).toEqual(fields.toSorted());
  for (const [part, own] of Object.entries(DEFAULT_RETENTION)) {
    for (const [field, value] of Object.entries(own as object)) {
      expect([field, listed.get(`${part}.${field}`)]).toEqual([field, written(value)]);
    }
  }
  const [, shown = ""] = /`retention: (\{.+?\})` says/u.exec(section) ?? [];
  expect(isRetention(new Function(`return (${shown})`)())).toBe(true);
});

test("the policy that the page shows is one", () => {
  const [, policy = ""] = /## Quality.+?```ts\nquality: (.+?),\n```/su.exec(page) ?? [];
  const parsed: unknown = new Function(`return (${policy})`)();
  expect(isQuality(parsed)).toBe(true);
  expect(Object.keys(parsed as object)).toEqual(["baseline", "rules", "suppressions", "unreachable"]);
});
