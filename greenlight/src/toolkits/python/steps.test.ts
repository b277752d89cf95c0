import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { defineProject, pipeline } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { shellWord } from "../shell-word.ts";
import { python } from "./index.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/toolkits.md"), "utf8");
const everyTool = [
  ...python.quality(),
  ...python.quality({ tools: ["ruff check", "ruff format"] }),
  python.unitTests(),
];

function planOf(steps: readonly StepDefinition[]): ReturnType<typeof makeBlueprint> {
  const stages = { quality: steps };
  return makeBlueprint(
    defineProject({ name: "films", environments: {}, pipelines: { delivery: pipeline({ stages }) } }),
    "greenlight.config.ts",
  );
}

describe("docs/toolkits.md", () => {
  test.each(everyTool.map((each) => [each.name, each] as const))(
    "%s: versions, statuses and reports as they are",
    (_name, step) => {
      const { tool } = step;
      if (tool === null) throw new Error("it names no tool");
      const row = page.split("\n").find((line) => line.startsWith(`| ${tool.name} `)) ?? "";
      expect(row).toContain(`\`${tool.versions}\``);
      for (const source of step.evidence) expect(row).toContain(`\`${source.path.replace("out/reports/", "")}\``);
      const groups = Object.groupBy(Object.entries(tool.exits), ([, meaning]) => meaning);
      for (const [meaning, statuses = []] of Object.entries(groups)) {
        expect(row).toContain(meaning);
        const named = statuses.map(([status]) => status).filter((status) => status !== "78");
        if (named.length < 10) for (const status of named) expect(row).toMatch(new RegExp(`\\b${status}\\b`, "u"));
      }
    },
  );
});

describe("the steps of a Python project", () => {
  test("make a plan, each with its own name, also of several folders at once", () => {
    const environment = python.environment({ with: "pip" });
    const made = planOf([
      environment,
      ...python.quality({ needs: { environment } }),
      ...python.quality({ with: "ruff", folder: "services/api (v2)", requirements: ["requirements.txt"] }),
      python.unitTests({ sources: ["src"], coverageFloor: 80 }),
      python.integrationTests(),
      python.unitTests({ folder: "services/api (v2)" }),
    ]);
    expect(made.ok ? null : made.error).toBeNull();
  });

  test("ask again for vulnerabilities after a day", () => {
    for (const each of [python.safety(), python.pipAudit()]) expect(each.validForMs).toBe(86_400_000);
  });

  test("quote what they are given, and see the report from their folder", () => {
    const made = python.flake8({ folder: "a b/", paths: ["it's", "-x"], arguments: ["--select=$(id)"] });
    expect(made.action).toMatchObject({
      command:
        "mkdir -p 'out/reports/a b' && cd 'a b' && { flake8 --format=default '--select=$(id)' " +
        "'it'\\''s' ./-x > '../out/reports/a b/flake8-report.txt'; code=$?; cat '../out/reports/a b/flake8-report.txt'; exit $code; }",
    });
    expect(made.evidence).toMatchObject([{ folder: "a b", path: "out/reports/a b/flake8-report.txt" }]);
    expect(shellWord("영화")).toBe("'영화'");
    expect(shellWord("")).toBe("''");
  });

  test("a folder outside the project is refused where it is written", () => {
    expect(() => python.black({ folder: "../other" })).toThrow('"../other" is not inside the project');
    expect(python.black({ folder: "./" }).name).toBe("Black");
  });
});
