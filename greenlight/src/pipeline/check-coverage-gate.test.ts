import { expect, it } from "vitest";

import { coverageGate } from "../toolkits/coverage/coverage-gate.ts";
import { defineProject, pipeline, step } from "./define.ts";
import type { StepDefinition } from "./definition.ts";
import { makeBlueprint } from "./make-blueprint.ts";
import type { QualityPolicy } from "./quality-definition.ts";

const tests = step("tests", { run: "true", evidence: [{ format: "lcov", path: "lcov.info", tool: "c8" }] });
const isMade = (quality: QualityPolicy, ...steps: readonly StepDefinition[]): boolean =>
  makeBlueprint(
    defineProject({ name: "p", quality, pipelines: { delivery: pipeline({ stages: { test: steps } }) } }),
    "greenlight.config.ts",
  ).ok;

it("a floor of the project needs a step that judges it, where coverage is measured", () => {
  const quality = { coverage: { floorPercent: 80 } };
  expect(isMade(quality, tests)).toBe(false);
  expect(isMade(quality, tests, coverageGate({ of: [tests] }))).toBe(true);
  expect(isMade(quality, step("lint", { run: "true" }))).toBe(true);
  expect(isMade({}, tests)).toBe(true);
});
