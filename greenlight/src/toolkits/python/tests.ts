import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { onVersions } from "../runtimes/on-versions.ts";
import { shellWord } from "../shell-word.ts";
import { describeTool, placeOf, type PythonOptions } from "./tool-step.ts";

export interface TestOptions extends PythonOptions {
  /** Variables that the tests may see. */
  readonly env?: readonly string[];
  /** Lowest line coverage in percent that passes; left out: coverage is measured, and any passes. */
  readonly coverageFloor?: number;
  /** False: coverage is not measured, and pytest-cov not needed. */
  readonly coverage?: boolean;
  /** Versions of Python, each a step of its own: `["3.11", "3.12"]`. Its packages are those of `.venv-3.11` and the like. */
  readonly versions?: readonly string[];
  /** What a version comes to that is not on the machine; `warn` when left out. */
  readonly whenMissing?: "warn" | "fail";
  /** Folders or packages whose lines count, relative to `folder`; those that coverage's configuration names when left out. */
  readonly sources?: readonly string[];
}

const PYTEST = describeTool({
  name: "pytest",
  program: "pytest",
  distribution: "pytest",
  versions: ">=7",
  // 2: a test file that can't be loaded, which the report names, or interrupted. 3 is a fault of its own.
  exits: { "1": "findings", "2": "findings", "4": "misconfigured", "5": "no-tests" },
});

/** Everything but what tests make: what they read can't be known. */
const INPUTS = [
  "**/*",
  "!**/.pytest_cache/**",
  "!**/.mypy_cache/**",
  "!**/.ruff_cache/**",
  "!**/.coverage*",
  "!out/**",
];

/** Unit tests with pytest, and their coverage (pytest-cov) as JSON and HTML; paths are `tests/unit` or such, all when left out. */
export function unitTests(options: TestOptions = {}): StepDefinition {
  return eachVersion(
    options.coverage === false
      ? testStep(options, { title: "unit tests", report: "unit.xml", words: "" })
      : coveredTests(options),
    options,
  );
}

function eachVersion(made: StepDefinition, { versions, whenMissing }: TestOptions): StepDefinition {
  if (versions === undefined) return made;
  return onVersions(made, { runtime: "python", versions, ...(whenMissing === undefined ? {} : { whenMissing }) });
}

function coveredTests(options: TestOptions): StepDefinition {
  const place = placeOf(options.folder);
  const json = place.report("coverage.json");
  const html = place.report("coverage");
  const sources = options.sources ?? [];
  const measured = sources.length === 0 ? " --cov" : sources.map((each) => ` --cov=${shellWord(each)}`).join("");
  const reports = `--cov-report=term --cov-report=json:${shellWord(place.fromFolder(json))} --cov-report=html:${shellWord(place.fromFolder(html))}`;
  const made = testStep(options, { title: "unit tests", report: "unit.xml", words: `${measured} ${reports}` });
  return {
    ...made,
    outputs: { coverage: html },
    evidence: [
      ...made.evidence,
      {
        format: "coverage-py-json",
        path: json,
        tool: "coverage",
        ...place.evidenceFolder,
        ...(options.coverageFloor === undefined ? {} : { floorPercent: options.coverageFloor }),
      },
    ],
  };
}

/** Tests of the whole, with pytest: below `tests/integration` unless `paths` says otherwise. */
export function integrationTests(options: TestOptions = {}): StepDefinition {
  const paths = options.paths ?? ["tests/integration"];
  return eachVersion(
    testStep({ ...options, paths }, { title: "integration tests", report: "integration.xml", words: "" }),
    options,
  );
}

function testStep(
  options: TestOptions,
  { title, report, words }: { readonly title: string; readonly report: string; readonly words: string },
): StepDefinition {
  const place = placeOf(options.folder);
  const path = place.report(report);
  const targets = (options.paths ?? []).map((each) => ` ${shellWord(each)}`).join("");
  const extra = (options.arguments ?? []).map((each) => ` ${shellWord(each)}`).join("");
  const junit = `-o junit_family=xunit1 --junitxml=${shellWord(place.fromFolder(path))}`;
  return step(options.name ?? place.stepName(title), {
    run: place.run(path.slice(0, path.lastIndexOf("/")), `pytest ${junit}${words}${extra}${targets}`),
    inputs: options.inputs ?? place.inputs(INPUTS),
    env: options.env ?? [],
    evidence: [{ format: "junit", path, tool: title, ...place.evidenceFolder }],
    tool: words === "" ? PYTEST : { ...PYTEST, install: PYTEST.install.replaceAll("pytest", "pytest pytest-cov") },
    ...(options.needs === undefined ? {} : { needs: options.needs }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
}
