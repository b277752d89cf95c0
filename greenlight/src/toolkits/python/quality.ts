import type { StepDefinition } from "../../pipeline/definition.ts";
import { black, isort } from "./formatting.ts";
import { flake8, mypy, pylint, ruffCheck, ruffFormat } from "./linting.ts";
import { bandit, pipAudit, safety, type VulnerabilityOptions } from "./security.ts";
import type { PythonOptions } from "./tool-step.ts";

/** The tools of stage one, by the names that `tools` and `options` know. */
const TOOLS = {
  black,
  isort,
  flake8,
  pylint,
  mypy,
  bandit,
  safety,
  "pip-audit": pipAudit,
  "ruff check": ruffCheck,
  "ruff format": ruffFormat,
} as const;

export type QualityTool = keyof typeof TOOLS;

/** `classic`: one tool a question. `ruff`: Ruff for format, imports and lint; types and security as before. */
const CHOICES: Readonly<Record<"classic" | "ruff", readonly QualityTool[]>> = {
  classic: ["black", "isort", "flake8", "pylint", "mypy", "bandit", "safety", "pip-audit"],
  ruff: ["ruff format", "ruff check", "mypy", "bandit", "pip-audit"],
};

export interface QualityOptions
  extends Pick<PythonOptions, "folder" | "paths" | "needs">, Pick<VulnerabilityOptions, "requirements"> {
  readonly with?: "classic" | "ruff";
  /** Just these, in place of `with`. */
  readonly tools?: readonly QualityTool[];
  /** What a single tool takes besides, as in `{ pylint: { arguments: ["--disable=C0114"] } }`. */
  readonly options?: Partial<Readonly<Record<QualityTool, VulnerabilityOptions & { readonly database?: string }>>>;
}

/** Stage one for a Python project: format, order of imports, lint, types, dangerous code, known vulnerabilities. */
export function quality(options: QualityOptions = {}): StepDefinition[] {
  const { with: choice = "classic", tools = CHOICES[choice], options: each = {}, requirements, ...common } = options;
  return tools.map((name) => {
    const audits = name === "safety" || name === "pip-audit";
    return TOOLS[name]({ ...common, ...(audits && requirements !== undefined ? { requirements } : {}), ...each[name] });
  });
}
