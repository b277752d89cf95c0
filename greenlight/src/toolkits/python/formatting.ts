import type { StepDefinition } from "../../pipeline/definition.ts";
import { toolStep, type PythonOptions, type PythonTool } from "./tool-step.ts";

const BLACK: PythonTool = {
  name: "Black",
  program: "black",
  distribution: "black",
  versions: ">=22",
  // 123: a file that it can't parse, or its own fault. A configuration that it refuses ends with 1 and no verdict.
  exits: { "1": "findings", "2": "misconfigured", "123": "findings" },
  format: "black-text",
  report: "black-report.txt",
  configuration: ["pyproject.toml", ".gitignore"],
};

const ISORT: PythonTool = {
  name: "isort",
  program: "isort",
  distribution: "isort",
  versions: ">=5",
  exits: { "1": "findings", "2": "misconfigured" },
  format: "isort-text",
  report: "isort-report.txt",
  configuration: ["pyproject.toml", "setup.cfg", "tox.ini", ".isort.cfg", ".editorconfig"],
};

/** Formatting, with Black: every file that it would write otherwise is a finding. */
export function black(options: PythonOptions = {}): StepDefinition {
  return toolStep(BLACK, options, ({ report, paths, extra }) => keepText(`black --check${extra} ${paths}`, report));
}

/** The order of imports, with isort. */
export function isort(options: PythonOptions = {}): StepDefinition {
  return toolStep(ISORT, options, ({ report, paths, extra }) =>
    keepText(
      `isort --check-only --extend-skip-glob '*/.greenlight/*' --extend-skip-glob '*/.venv-*'${extra} ${paths}`,
      report,
    ),
  );
}

/** A command whose words are its report, wherever it writes them; they are shown in the log, too. */
export function keepText(command: string, report: string): string {
  return `${command} > ${report} 2>&1; code=$?; cat ${report}; exit $code`;
}
