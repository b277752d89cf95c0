import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, test } from "vitest";

import { defineProject, pipeline, push, step } from "../../pipeline/define.ts";
import type { EnvironmentDefinition, StepEntry } from "../../pipeline/definition.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { node } from "../../toolkits/node/index.ts";
import { python } from "../../toolkits/python/index.ts";
import { onVersions } from "../../toolkits/runtimes/on-versions.ts";
import { compilePipeline } from "./compile-pipeline.ts";
import { renderWorkflow } from "./render-workflow.ts";
import { actionlint, findActionlint } from "./testing/actionlint.ts";
import type { Workflow } from "./workflow.ts";

const linter = findActionlint();
const scratch = mkdtempSync(join(tmpdir(), "greenlight-runtimes-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function compile(
  stages: Readonly<Record<string, readonly StepEntry[]>>,
  environments: Readonly<Record<string, EnvironmentDefinition>> = {},
): Workflow {
  const project = defineProject({
    name: "films",
    environments,
    pipelines: { delivery: pipeline({ on: [push("main")], stages }) },
  });
  const made = makeBlueprint(project, "greenlight.config.ts");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const [delivery] = Object.values(made.value.pipelines);
  if (delivery === undefined) throw new Error("no pipeline");
  const compiled = compilePipeline(made.value, delivery, { installFolder: ".", project: ".", install: "npm ci" });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

/** Job → what it sets up before its packages, in order. */
function setUp(workflow: Workflow): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(workflow.jobs).map(([id, job]) => [
      id,
      job.steps.flatMap(({ name }) => (/^(Set up|Install (?!packages))/u.test(name) ? [name] : [])),
    ]),
  );
}

const VERSIONS = ["3.9", "3.12"];
const environment = python.environment({ with: "uv", versions: VERSIONS });
const unitTests = python.unitTests({ needs: { environment }, versions: VERSIONS });

describe("a compiled job", () => {
  test("sets up the version of its combination, and the manager that makes its environment", () => {
    const nodeTests = onVersions(step("node tests", { run: "node --test" }), { runtime: "node", versions: [22, 24] });
    const workflow = compile({
      quality: [environment],
      test: [unitTests, nodeTests],
      build: [step("a", { run: "x" })],
    });
    expect(setUp(workflow)).toEqual({
      "quality-python-environment": ["Set up Python ${{ matrix.python }}", "Install uv", "Set up Node"],
      "test-unit-tests": ["Set up Python ${{ matrix.python }}", "Install uv", "Set up Node"],
      "test-node-tests": ["Set up Node ${{ matrix.node }}", "Set up Node"],
      build: ["Set up Node"],
    });
    const [, first] = workflow.jobs["test-unit-tests"]?.steps ?? [];
    expect(first).toEqual({
      name: "Set up Python ${{ matrix.python }}",
      "continue-on-error": true,
      uses: expect.objectContaining({
        action: "actions/setup-python",
        commit: expect.stringMatching(/^[0-9a-f]{40}$/u),
      }),
      with: { "python-version": "${{ matrix.python }}" },
    });
  });

  test("sets up every version that its steps want together, and what the results it builds on were made with", () => {
    const target = { kind: "t", module: "m", isLocal: true, options: {} };
    const here = { production: { target, branches: ["main"] } };
    const deploy = { ...step("deploy", { run: "x", needs: { unitTests } }), environment: "production" };
    const together = compile({ all: [environment, unitTests, deploy] }, here);
    expect(Object.values(setUp(together))).toEqual([
      ["Set up Python 3.9", "Set up Python 3.12", "Install uv", "Set up Node"],
    ]);
    const fixed = step("lint", { run: "x", runtime: { name: "node", version: "24" } });
    const other = step("old lint", { run: "x", runtime: { name: "node", version: "22" } });
    const apart = compile({
      lint: [fixed, other],
      test: [environment, unitTests],
      build: [step("b", { run: "x", needs: { unitTests } })],
    });
    expect(setUp(apart)).toMatchObject({
      lint: ["Set up Node 22", "Set up Node"],
      build: ["Set up Python 3.9", "Set up Python 3.12", "Install uv", "Set up Node"],
    });
  });

  test("of another pipeline than Python's sets up nothing more", () => {
    const workflow = compile({ quality: node.quality(), test: [node.unitTests()] });
    expect(new Set(Object.values(setUp(workflow)).flat())).toEqual(new Set(["Set up Node"]));
  });

  test("has time for the environment that it makes again", () => {
    const workflow = compile({ quality: [environment], test: [unitTests] });
    expect(workflow.jobs["test-unit-tests"]?.["timeout-minutes"]).toBe(15 + 10 + 20);
  });

  test.skipIf(linter === null)(
    `is part of a valid workflow${linter === null ? " (skipped: no actionlint)" : ""}`,
    () => {
      const path = join(scratch, "ci-cd.yml");
      const workflow = compile({
        quality: [environment, step("x", { run: "x", runtime: { name: "python", version: "3.11" } })],
        test: [unitTests, node.unitTests({ name: "node tests", versions: [22, 24, 26] })],
      });
      writeFileSync(path, renderWorkflow(workflow, "greenlight.config.ts"));
      expect(actionlint(linter ?? "", [path])).toBe("");
    },
  );
});
