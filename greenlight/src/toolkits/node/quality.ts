import type { StepDefinition } from "../../pipeline/definition.ts";
import { secretScan } from "../security/secret-scan.ts";
import { format, type FormatOptions } from "./format.ts";
import { lint, type LintOptions } from "./lint.ts";
import { types } from "./types.ts";

export interface QualityOptions {
  /** Where the tools run, relative to the project; the project's folder when left out. */
  readonly folder?: string;
  /** False: no such step. */
  readonly format?: NonNullable<FormatOptions["tool"]> | false;
  readonly lint?: NonNullable<LintOptions["tool"]> | false;
  readonly types?: "tsc" | false;
  readonly secrets?: "secretlint" | "gitleaks" | false;
}

/**
 * Stage one for a Node project: formatting and import order (oxfmt), lint (oxlint), types (tsc), secrets (secretlint),
 * each with the tool that is named, and the usual options. Finer ones: `node.format`, `node.lint`, `node.types`.
 */
export function quality(options: QualityOptions = {}): StepDefinition[] {
  const place = options.folder === undefined ? {} : { folder: options.folder };
  const {
    format: formatter = "oxfmt",
    lint: linter = "oxlint",
    types: compiler = "tsc",
    secrets = "secretlint",
  } = options;
  // The longest first: on few cores the short ones then fill the gaps, and the stage ends sooner.
  return [
    ...(compiler === false ? [] : [types(place)]),
    ...(secrets === false ? [] : [secretScan({ ...place, tool: secrets })]),
    ...(linter === false ? [] : [lint({ ...place, tool: linter })]),
    ...(formatter === false ? [] : [format({ ...place, tool: formatter })]),
  ];
}
