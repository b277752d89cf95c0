import { callText, Code, type DefinitionLines } from "./definition-lines.ts";
import type { PythonFacts, PythonTool } from "./repository-facts.ts";

/** As `python.quality` knows them. */
const STEPS: Readonly<Record<PythonTool, readonly string[]>> = {
  black: ["black"],
  isort: ["isort"],
  ruff: ["ruff format", "ruff check"],
  flake8: ["flake8"],
  pylint: ["pylint"],
  mypy: ["mypy"],
  bandit: ["bandit"],
  safety: ["safety"],
  "pip-audit": ["pip-audit"],
};

/** The steps of a Python project with the tools that it has; all of them in the environment that its manager makes. */
export function pythonLines(
  facts: PythonFacts,
  { constant, isShared }: { readonly constant: string; readonly isShared: boolean },
): DefinitionLines {
  const { folder, manager, tools, tests, hasCoverage, sources, extras, groups, requirements } = facts;
  const needs = new Code(constant === "environment" ? "{ environment }" : `{ environment: ${constant} }`);
  const environment = callText("python.environment", {
    with: manager,
    folder,
    extras: list(extras),
    groups: list(groups),
    requirements: manager === "pip" ? list(requirements) : undefined,
  });
  const steps = tools.flatMap((tool) => STEPS[tool]);
  const paths = list(sources);
  const quality = `${callText("python.quality", { folder, tools: steps, paths, needs })},`;
  const name = isShared ? "python unit tests" : undefined;
  const unitTests = `${callText("python.unitTests", { folder, name, coverage: hasCoverage ? undefined : false, needs })},`;
  return {
    constants: [`const ${constant} = ${environment};`],
    quality: [
      `${constant},`,
      steps.length > 0 ? quality : `// ${callText("python.quality", { folder, with: "ruff", needs })},`,
    ],
    test: [tests === null ? `// ${unitTests}` : unitTests],
  };
}

/** An option that says nothing is left out. */
function list(names: readonly string[]): readonly string[] | undefined {
  return names.length > 0 ? names : undefined;
}
