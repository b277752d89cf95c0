import type { StepDefinition } from "../../pipeline/definition.ts";
import { keepText } from "./formatting.ts";
import { NO_SOURCES, toolStep, type PythonOptions, type PythonTool } from "./tool-step.ts";

const FLAKE8: PythonTool = {
  name: "Flake8",
  program: "flake8",
  distribution: "flake8",
  versions: ">=4",
  exits: { "1": "findings", "2": "misconfigured", ...NO_SOURCES },
  format: "flake8-text",
  report: "flake8-report.txt",
  configuration: ["setup.cfg", "tox.ini", ".flake8"],
};

/** Its status is a set of bits: 1 fatal, 2 error, 4 warning, 8 refactor, 16 convention; 32 alone is a wrong call. */
const PYLINT: PythonTool = {
  name: "Pylint",
  program: "pylint",
  distribution: "pylint",
  versions: ">=3",
  exits: {
    ...Object.fromEntries(Array.from({ length: 31 }, (_, index) => [String(index + 1), "findings" as const])),
    "32": "misconfigured",
    ...NO_SOURCES,
  },
  format: "pylint-json2",
  report: "pylint-report.json",
  configuration: ["pyproject.toml", "setup.cfg", "tox.ini", ".pylintrc", "pylintrc", ".pylintrc.toml", "pylintrc.toml"],
};

const MYPY: PythonTool = {
  name: "MyPy",
  program: "mypy",
  distribution: "mypy",
  versions: ">=0.990",
  // 2: nothing to check, a wrong call, or a file that it can't parse, which its report names.
  exits: { "1": "findings", "2": "misconfigured" },
  format: "mypy-lines",
  report: "mypy-report.json",
  configuration: ["pyproject.toml", "setup.cfg", "mypy.ini", ".mypy.ini"],
};

/** Style and simple mistakes, with Flake8: the fast lint. */
export function flake8(options: PythonOptions = {}): StepDefinition {
  return toolStep(FLAKE8, options, ({ report, listed, extra }) => {
    const command = `flake8 --format=default${extra} ${listed.paths}`;
    return `${listed.before}${command} > ${report}; code=$?; cat ${report}; exit $code`;
  });
}

/** The deep lint, with Pylint. */
export function pylint(options: PythonOptions = {}): StepDefinition {
  return toolStep(PYLINT, options, ({ report, listed, extra }) => {
    const command = `pylint --recursive=y --reports=n --output-format=json2${extra} ${listed.paths}`;
    return `${listed.before}${command} > ${report}; code=$?; cat ${report}; exit $code`;
  });
}

/** Types, with MyPy; versions before 1.11 know no JSON and are called once more without it. */
export function mypy(options: PythonOptions = {}): StepDefinition {
  return toolStep(MYPY, options, ({ report, paths, extra }) => {
    const call = (format: string): string => `mypy ${format}--no-color-output${extra} ${paths} > ${report} 2>&1`;
    const isOld = `[ $code -eq 2 ] && grep -q 'unrecognized arguments: --output' ${report}`;
    return `${call("--output json ")}; code=$?; if ${isOld}; then ${call("")}; code=$?; fi; cat ${report}; exit $code`;
  });
}

const RUFF = {
  name: "Ruff",
  program: "ruff",
  distribution: "ruff",
  exits: { "1": "findings", "2": "misconfigured" },
  configuration: ["pyproject.toml", "ruff.toml", ".ruff.toml", ".gitignore"],
} as const;

/** Lint and order of imports, with Ruff. */
export function ruffCheck(options: PythonOptions = {}): StepDefinition {
  const tool: PythonTool = { ...RUFF, versions: ">=0.12", format: "sarif", report: "ruff-report.sarif" };
  const name = options.name ?? (options.folder === undefined ? "Ruff check" : `Ruff check (${options.folder})`);
  return toolStep(tool, { ...options, name }, ({ report, paths, extra }) => {
    const command = `ruff check --no-fix --output-format sarif --output-file ${report}${extra} ${paths}`;
    return `${command}; code=$?; cat ${report}; exit $code`;
  });
}

/** Formatting, with Ruff. */
export function ruffFormat(options: PythonOptions = {}): StepDefinition {
  const tool: PythonTool = {
    ...RUFF,
    name: "Ruff format",
    versions: ">=0.1.2",
    format: "ruff-format-text",
    report: "ruff-format-report.txt",
  };
  return toolStep(tool, options, ({ report, paths, extra }) =>
    keepText(`ruff format --check${extra} ${paths}`, report),
  );
}
