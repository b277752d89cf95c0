import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { problem } from "../base/problem.ts";
import { allOf, not, onBranch, onEvent } from "./conditions.ts";
import { effectStep, functionStep, pipeline, pullRequest, push, schedule, step } from "./define.ts";
import { describeForm } from "./describe-form.ts";
import { matrix } from "./matrix.ts";
import { isProject } from "./project-form.ts";
import { fromCommand, fromEnvironment, fromFile, optional } from "./secret-sources.ts";
import { isStep } from "./step-form.ts";
import { environmentOf, projectOf } from "./testing/project.ts";

const other = step("other", { run: "true" });
const full = functionStep("full", {
  module: "./a.ts",
  export: "a",
  args: { list: [1, "two", null, { three: true }] },
  needs: { other, named: "other" },
  inputs: ["src/**"],
  outputs: { out: "out/x" },
  env: ["A"],
  variables: { B: "1" },
  secrets: ["C"],
  packages: ["zod"],
  evidence: [
    { format: "junit", path: "out/x.xml", tool: "vitest", floorPercent: 80, folder: "api", logs: ["out/a.log"] },
  ],
  retry: {},
  matrix: matrix({ os: ["a", 1, true] }, { include: [{ x: "y" }], exclude: [{ os: "a" }], maxParallel: 2 }),
  when: allOf(not(onBranch("main")), onEvent("push")),
  lock: "database",
  tool: {
    name: "bandit",
    program: "bandit",
    install: "pip install bandit",
    package: { ecosystem: "pypi", name: "bandit" },
    versions: ">=1.7",
    exits: { 1: "findings" },
  },
  validForMs: 1000,
  runtime: { name: "node", version: "22.3", whenMissing: "fail" },
});
const effect = effectStep("effect", { module: "m", export: "e", environment: "staging" });
const whole = {
  ...projectOf(
    { s: [other] },
    {
      environments: {
        staging: {
          ...environmentOf(["main"]),
          approval: { expiresAfter: "24h" },
          configuration: { A: "1" },
          health: { inARow: 5 },
          record: {
            requests: [{ method: "POST", path: "/predict/**" }],
            share: 0.5,
            redact: ["email"],
            headers: ["a"],
          },
          replay: {
            requests: [{ method: "GET", path: "/*" }],
            samples: [{ method: "POST", path: "/predict", body: { a: [1] } }],
            score: { run: "node score.ts", timeoutMs: 1000 },
            limit: 20,
            tolerance: 1e-9,
            ignore: ["a.b"],
            whenInconclusive: "warn" as const,
          },
          baking: { minimumRequests: 20, latencyRatio: 2, needsTraffic: true, whenInconclusive: "hold" as const },
          secrets: { B: optional(fromEnvironment("B_DEV")), C: fromFile("c"), D: fromCommand("d") },
        },
      },
      secrets: { A: fromEnvironment(), B: fromFile("b"), C: fromCommand("c", "d") },
    },
  ),
  pipelines: {
    delivery: pipeline({
      on: [push("main"), pullRequest("main"), schedule("0 0 * * *")],
      stages: { s: [other] },
      concurrency: { group: "{branch}", whenBusy: "cancel-older" },
    }),
  },
  store: {
    kind: "s3",
    module: "m",
    options: { bucket: "b" },
    publicKey: "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
  },
  codeHost: { kind: "github", module: "m", options: { repository: "a/b" } },
  quality: {
    baseline: "known.json",
    rules: [{ tool: "bandit", rule: "B101", paths: ["tests/**"], level: "note" as const, outcome: "pass" as const }],
    suppressions: [{ rule: "a", reason: "b", expires: "2027-01-31" }],
    unreachable: "fail" as const,
    flaky: "pass" as const,
    coverage: { floorPercent: 80, changedLinesPercent: 90, against: "main" },
  },
  retention: { runs: { keep: 20, days: 2 }, cache: { days: 100, maxBytes: 0 }, releases: { keep: 2 } },
};

/** Values near the borders of what is allowed somewhere. */
const BORDERS: readonly unknown[] = [
  [null, undefined, "", "a", "A", "1", "a\0b", "always", "none", "__proto__", "\ud800", "a\u2028b"],
  [100, 101, 250, 251, 4096, 4097].map((length) => "a".repeat(length)),
  [0, 1, -1, 2, 20, 21, 0.5, 1.5, 100, 101, 2 ** 31 - 1, 2 ** 31, 2 ** 53, Number.NaN, Infinity, -0],
  [true, new Date(0), new Map(), Object.create(null), () => 1, Symbol("s"), 1n],
  [[], {}, [""], [null], Array(2), { a: 1 }, { "": "a" }, JSON.parse('{"__proto__": "a"}'), ["a", "a"], [1]],
].flat();

/** What may stand in the place of a member: a border, or anything at all. */
const stranger = fc.oneof(
  fc.constantFrom(...BORDERS),
  fc.anything({ withNullPrototype: true, withSparseArray: true, maxDepth: 3 }),
);

/** The value with one member, at any depth but not inside `needs` or `stages`, replaced, removed or added. */
function changed(
  value: unknown,
  picks: readonly number[],
  change: unknown,
  way: "replace" | "remove" | "add",
): unknown {
  if (typeof value !== "object" || value === null) return change;
  const isList = Array.isArray(value);
  const copy = (isList ? [...value] : { ...value }) as Record<string, unknown>;
  const keys = Object.keys(copy);
  const [pick = 0, ...rest] = picks;
  if (way === "add" && rest.length === 0) {
    if (isList) (copy as unknown as unknown[]).push(change);
    else copy["added"] = change;
    return copy;
  }
  const key = keys[pick % Math.max(1, keys.length)];
  if (key === undefined) return change;
  const member = copy[key];
  const goesOn = rest.length > 0 && typeof member === "object" && member !== null && !["needs", "stages"].includes(key);
  if (goesOn) copy[key] = changed(member, rest, change, way);
  else if (way === "remove" && !isList) delete copy[key];
  else copy[key] = change;
  return copy;
}

/** The ways to every member, as `changed` takes them. */
function waysInto(value: unknown): number[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member], index) =>
    ["needs", "stages"].includes(key) ? [[index]] : [[index], ...waysInto(member).map((rest) => [index, ...rest])],
  );
}

function schemaAccepts(value: object, kind: "step" | "project"): boolean {
  const isOpaque = (key: string, depth: number): boolean =>
    kind === "step" ? depth === 0 && key === "needs" : depth === 2 && (key === "stages" || key === "finally");
  return describeForm(value, kind, { place: "x", isOpaque, codeFor: () => "CONFIG_INVALID" }).problems.length === 0;
}

const picks = fc.array(fc.nat(40), { minLength: 1, maxLength: 5 });
const way = fc.constantFrom("replace" as const, "remove" as const, "add" as const);

describe("the quick check and the schema", () => {
  test("both accept what the constructors make", () => {
    for (const each of [other, full, effect]) expect([isStep(each), schemaAccepts(each, "step")]).toEqual([true, true]);
    expect([isProject(whole), schemaAccepts(whole, "project")]).toEqual([true, true]);
  });

  test("agree on every member at every border", () => {
    for (const [made, kind, check] of [
      [full, "step", isStep],
      [other, "step", isStep],
      [whole, "project", isProject],
    ] as const) {
      const ways = waysInto(made);
      expect(ways.length).toBeGreaterThan(15);
      for (const at of ways) {
        for (const [index, border] of BORDERS.entries()) {
          const value = changed(made, at, border, "replace") as object;
          expect({ at, index, isAccepted: check(value) }).toEqual({
            at,
            index,
            isAccepted: schemaAccepts(value, kind),
          });
        }
      }
    }
  });

  test("agree on a step with anything changed", () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(full, effect, other), picks, stranger, way, (made, at, change, how) => {
        const value = changed(made, at, change, how) as object;
        const isAccepted = isStep(value);
        if (!isAccepted) refused += 1;
        expect(isAccepted).toBe(schemaAccepts(value, "step"));
      }),
      { numRuns: 1500, seed: 20_260_101 },
    );
    expect(refused).toBeGreaterThan(500);
    expect(refused).toBeLessThan(1490);
  });

  test("agree on a project with anything changed", () => {
    fc.assert(
      fc.property(picks, stranger, way, (at, change, how) => {
        const value = changed(whole, at, change, how) as object;
        expect(isProject(value)).toBe(schemaAccepts(value, "project"));
      }),
      { numRuns: 1500, seed: 20_260_101 },
    );
  });

  test("tell the same of every place that the schema names", () => {
    const bad = { ...full, env: ["1"], retry: { ...full.retry, attempts: "2", on: ["passed"] } };
    const found = describeForm(bad, "step", {
      place: "here",
      isOpaque: () => false,
      codeFor: (path) => (path[0] === "retry" ? "RETRY_INVALID" : "CONFIG_INVALID"),
    });
    expect([...found.fields]).toEqual(["env", "retry"]);
    expect(found.problems.map((each) => [each.code, each.place])).toEqual([
      ["CONFIG_INVALID", "here.env.0"],
      ["RETRY_INVALID", "here.retry.attempts"],
      ["RETRY_INVALID", "here.retry.on.0"],
    ]);
    expect(found.problems[0]).toEqual(
      problem("CONFIG_INVALID", { place: "here.env.0", message: 'not the name of a variable, such as "API_KEY"' }),
    );
  });
});
