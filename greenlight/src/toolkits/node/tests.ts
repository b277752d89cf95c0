import { unreachable } from "../../base/unreachable.ts";
import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { onVersions } from "../runtimes/on-versions.ts";
import {
  commonOptions,
  optionWords,
  pathWords,
  toolFolder,
  type ToolFolder,
  type ToolOptions,
} from "../tool-folder.ts";
import { npmTool } from "./npm-tool.ts";

interface TestOptions extends ToolOptions {
  /** Names of environment variables that the tests may see. */
  readonly env?: readonly string[];
  /** Where the tests are, relative to the folder. */
  readonly paths?: readonly string[];
  readonly config?: string;
  /** Versions of Node, each a step of its own: `[22, 24]`. */
  readonly versions?: readonly (number | string)[];
  /** What a version comes to that is not on the machine; `warn` when left out. */
  readonly whenMissing?: "warn" | "fail";
}

export type UnitTestOptions = TestOptions &
  (
    | {
        /** `vitest` when left out. */
        readonly tool?: "vitest" | "jest";
        /** Lowest line coverage that passes, in percent, 0–100; none is wanted when left out. */
        readonly coverageFloor?: number;
      }
    | { readonly tool: "node" }
  );

/** Unit tests; fails below the floor of line coverage. Without `paths`: below `src` with vitest, else where the tool looks. */
export function unitTests(options: UnitTestOptions = {}): StepDefinition {
  return eachVersion(unitTestStep(options), options);
}

function eachVersion(made: StepDefinition, { versions, whenMissing }: TestOptions): StepDefinition {
  if (versions === undefined) return made;
  return onVersions(made, { runtime: "node", versions, ...(whenMissing === undefined ? {} : { whenMissing }) });
}

function unitTestStep(options: UnitTestOptions): StepDefinition {
  const folder = toolFolder(options.folder);
  const common = {
    inputs: options.inputs ?? testInputs(folder, options),
    env: options.env ?? [],
    packages: "all" as const,
    ...commonOptions(options),
  };
  const name = options.name ?? folder.stepName("unit tests");
  const tool = options.tool ?? "vitest";
  switch (options.tool) {
    case undefined:
    case "vitest": {
      const junit = folder.report("unit.xml");
      return step(name, {
        run: folder.run(
          junit,
          `${vitest(junit, folder, options, ["src"])}${options.coverageFloor === undefined ? "" : " --coverage --coverage.reportsDirectory=coverage"}`,
        ),
        ...common,
        ...coverage(folder, options.coverageFloor),
        evidence: [
          { format: "junit", path: junit, tool: "unit tests", ...folder.evidence },
          ...coverageEvidence(folder, options.coverageFloor),
        ],
        tool: VITEST,
      });
    }
    case "jest": {
      const report = folder.report("jest-report.json");
      const covered = options.coverageFloor === undefined ? "" : " --coverage --coverageReporters=json-summary";
      const call = `jest --ci --json --outputFile=${folder.word(report)}${covered}${optionWords("--config", options.config)}`;
      const paths = options.paths === undefined ? "" : ` ${pathWords(options.paths)}`;
      return step(name, {
        // It repeats the report on its standard output.
        run: folder.run(report, `${call}${paths} > /dev/null`),
        ...common,
        ...coverage(folder, options.coverageFloor),
        evidence: [
          { format: "jest-json", path: report, tool: "unit tests", ...folder.evidence },
          ...coverageEvidence(folder, options.coverageFloor),
        ],
        // Its 1 stands for failed tests, for none at all and for a broken configuration; the report tells them apart.
        tool: npmTool("jest", { versions: ">=26.0.0 <31", exits: { "1": "findings" } }),
      });
    }
    case "node": {
      const junit = folder.report("unit.xml");
      const reporters = `--test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit --test-reporter-destination=${folder.word(junit)}`;
      const paths = options.paths === undefined ? "" : ` ${pathWords(options.paths)}`;
      return step(name, {
        run: folder.run(junit, `node --test ${reporters}${paths}`),
        ...common,
        evidence: [{ format: "junit", path: junit, tool: "unit tests", ...folder.evidence }],
        tool: {
          name: "node --test",
          program: "node",
          install: "install Node 20 or newer",
          package: null,
          versions: null,
          exits: { "1": "findings" },
        },
      });
    }
    default:
      return unreachable(tool as never);
  }
}

/** Tests that start the real service, with vitest; those below `test/integration` when `paths` is left out. */
export function integrationTests(options: TestOptions = {}): StepDefinition {
  const folder = toolFolder(options.folder);
  const junit = folder.report("integration.xml");
  const made = step(options.name ?? folder.stepName("integration tests"), {
    run: folder.run(junit, vitest(junit, folder, options, ["test/integration"])),
    inputs: options.inputs ?? testInputs(folder, options),
    env: options.env ?? [],
    packages: "all",
    evidence: [{ format: "junit", path: junit, tool: "integration tests", ...folder.evidence }],
    tool: VITEST,
    ...commonOptions(options),
  });
  return eachVersion(made, options);
}

const VITEST = npmTool("vitest", {
  versions: ">=1.0.0 <6",
  exits: { "1": "findings" },
  beside: ["@vitest/coverage-v8"],
});

function vitest(junit: string, folder: ToolFolder, { config, paths }: TestOptions, usual: readonly string[]): string {
  const reporters = `--reporter=default --reporter=junit --outputFile.junit=${folder.word(junit)}`;
  return `vitest run ${pathWords(paths ?? usual)} ${reporters}${optionWords("--config", config)}`;
}

/** Where a project keeps what its tests depend on, unless it says more. */
function testInputs(folder: ToolFolder, { paths, config }: TestOptions): readonly string[] {
  const usual = ["src/**", "test/**", "tests/**", "package.json", "tsconfig*.json", "{vitest,jest}.config.*"];
  const own = (paths ?? []).flatMap((path) => [path, `${path.replace(/\/+$/u, "")}/**`]);
  return folder.inputs([...new Set([...usual, ...own, ...(config === undefined ? [] : [config])])]);
}

function coverage(
  folder: ToolFolder,
  floor: number | undefined,
): { readonly outputs?: Readonly<Record<string, string>> } {
  return floor === undefined ? {} : { outputs: { coverage: coverageFolder(folder) } };
}

function coverageEvidence(folder: ToolFolder, floorPercent: number | undefined) {
  if (floorPercent === undefined) return [];
  const path = `${coverageFolder(folder)}/coverage-summary.json`;
  return [{ format: "istanbul-json-summary" as const, path, tool: "coverage", floorPercent, ...folder.evidence }];
}

function coverageFolder(folder: ToolFolder): string {
  return folder.path === "" ? "coverage" : `${folder.path}/coverage`;
}
