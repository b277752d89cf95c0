/** The reports that can be read, as definitions name them. */
export const EVIDENCE_FORMATS = [
  "sarif",
  "oxfmt-list",
  "tsc-text",
  "secretlint-json",
  "black-text",
  "isort-text",
  "flake8-text",
  "pylint-json2",
  "mypy-lines",
  "bandit-json",
  "safety-json",
  "pip-audit-json",
  "ruff-format-text",
  "eslint-json",
  "prettier-check",
  "npm-audit-json",
  "pnpm-audit-json",
  "yarn-audit-json",
  "jest-json",
  "gitleaks-json",
  "trivy-json",
  "junit",
  "istanbul-json-summary",
  "istanbul-json",
  "lcov",
  "cobertura",
  "coverage-py-json",
  "validation-report",
  "model-evaluation",
  "gate-report",
  "release-report",
] as const;

const OTHERS: ReadonlySet<string> = new Set([
  "jest-json",
  "junit",
  "istanbul-json-summary",
  "istanbul-json",
  "lcov",
  "cobertura",
  "coverage-py-json",
  "validation-report",
  "model-evaluation",
  "gate-report",
  "release-report",
]);

/** True when reports of that format hold findings; the others hold tests, coverage, or what Greenlight itself writes. */
export function holdsFindings(format: (typeof EVIDENCE_FORMATS)[number]): boolean {
  return !OTHERS.has(format);
}
