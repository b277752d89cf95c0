import { afterEach, expect, test, vi } from "vitest";

import { hasNodeTools, toolProject, withoutNodeTools, type ToolProject } from "../testing/tool-rig.ts";
import { unitTests } from "./tests.ts";

const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";
const how = `${withoutNodeTools}${isHeavy ? "" : " (at full length only)"}`;
let project: ToolProject;
vi.setConfig({ testTimeout: 120_000 });

afterEach(() => project.remove());

test.skipIf(!isHeavy || !hasNodeTools)(`jest: as many tests as it counts itself, and coverage${how}`, async () => {
  project = await toolProject({
    "package.json": '{ "name": "x", "jest": { "testMatch": ["**/*.test.cjs"] } }',
    "a b/sum.cjs": "exports.sum = (a, b) => a + b;\nexports.never = () => 1;\n",
    "a b/한글.test.cjs":
      'const { sum } = require("./sum.cjs");\ntest("adds", () => expect(sum(1, 1)).toBe(2));\ntest("it\'s <wrong>", () => expect(1).toBe(2));\ntest.skip("later", () => {});\n',
    "throws.test.cjs": 'throw new Error("no");\n',
  });
  const run = await project.run(unitTests({ tool: "jest", coverageFloor: 85 }));
  expect(run).toMatchObject({ exitCode: 1, problems: [] });
  // Its own words: 1 failed, 1 skipped, 1 passed; and a suite that failed to run.
  expect(run.log).toMatch(/Tests:\s+1 failed, 1 skipped, 1 passed, 3 total/u);
  expect(run.evidence).toMatchObject([
    { kind: "tests", passedCount: 1, failedCount: 2, skippedCount: 1 },
    { kind: "coverage", floorPercent: 85, functions: { coveredCount: 1, totalCount: 2 } },
  ]);
  await project.write({ "package.json": '{ "name": "x", "jest": { "testMatch": ["**/*.none"] } }' });
  const none = await project.run(unitTests({ tool: "jest" }));
  expect(none.exitCode).toBe(1);
  expect(none.evidence).toMatchObject([{ passedCount: 0, failedCount: 0 }]);
  expect(none.log).toContain("No tests found");
});

test(`node --test: what passed, failed and was skipped, below a folder of its own`, async () => {
  project = await toolProject({
    "sub dir/it's.test.mjs":
      'import test from "node:test";\nimport assert from "node:assert";\ntest("adds", () => assert.equal(1 + 1, 2));\ntest("breaks", () => assert.equal(1, 2));\ntest.skip("later", () => {});\n',
  });
  const run = await project.run(unitTests({ tool: "node", folder: "sub dir" }));
  expect(run).toMatchObject({ exitCode: 1, problems: [] });
  expect(run.evidence).toMatchObject([{ kind: "tests", passedCount: 1, failedCount: 1, skippedCount: 1 }]);
});

test("a floor is only wanted where it is given, and each runner says how its exits are meant", async () => {
  project = await toolProject({});
  const plain = unitTests();
  expect(plain.evidence).toHaveLength(1);
  expect(plain.action).toMatchObject({ command: expect.not.stringContaining("--coverage") });
  expect(unitTests({ coverageFloor: 85 }).evidence).toMatchObject([{}, { floorPercent: 85 }]);
  expect(unitTests({ tool: "jest", folder: "a b" })).toMatchObject({
    name: "unit tests (a b)",
    evidence: [{ path: "out/reports/a b/jest-report.json", folder: "a b" }],
    tool: { install: "npm install --save-dev jest" },
  });
});
