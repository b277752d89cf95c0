import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { GENERATED, REPORT_FOLDER } from "./report-command.ts";

const INPUTS = ["src/**", "test/**", "package.json", "tsconfig*.json", "vitest.config.ts", ...GENERATED];

/** Unit tests below `src` with vitest; fails below the floor of line coverage in percent. */
export function unitTests(options: {
  readonly coverageFloor: number;
  readonly env?: readonly string[];
}): StepDefinition {
  const junit = `${REPORT_FOLDER}/unit.xml`;
  const coverage = "coverage/coverage-summary.json";
  return step("unit tests", {
    run: `vitest run src --coverage --coverage.reportsDirectory=coverage --reporter=default --reporter=junit --outputFile.junit=${junit}`,
    inputs: INPUTS,
    env: options.env ?? [],
    packages: "all",
    outputs: { coverage: "coverage" },
    evidence: [
      { format: "junit", path: junit, tool: "unit tests" },
      { format: "istanbul-json-summary", path: coverage, tool: "coverage", floorPercent: options.coverageFloor },
    ],
  });
}

/** Tests below `test/integration`, which start the real service. */
export function integrationTests(): StepDefinition {
  const junit = `${REPORT_FOLDER}/integration.xml`;
  return step("integration tests", {
    run: `vitest run test/integration --reporter=default --reporter=junit --outputFile.junit=${junit}`,
    inputs: INPUTS,
    packages: "all",
    evidence: [{ format: "junit", path: junit, tool: "integration tests" }],
  });
}
