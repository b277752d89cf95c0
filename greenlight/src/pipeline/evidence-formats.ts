/** The reports that can be read, as definitions name them. */
export const EVIDENCE_FORMATS = [
  "sarif",
  "oxfmt-list",
  "tsc-text",
  "secretlint-json",
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
