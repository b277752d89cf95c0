import { unreachable } from "../../base/unreachable.ts";
import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { commonOptions, intoReport, optionWords, pathWords, toolFolder, type ToolOptions } from "../tool-folder.ts";
import { biome } from "./biome.ts";
import { npmTool } from "./npm-tool.ts";

export interface LintOptions extends ToolOptions {
  /** `oxlint` when left out. */
  readonly tool?: "oxlint" | "eslint" | "biome";
  /**
   * `fast` (when left out): what a file says by itself. `deep`: with types, too. Oxlint then needs `oxlint-tsgolint`;
   * ESLint and Biome look as deep as their configuration says, so that a deep step of theirs names one by `config`.
   */
  readonly depth?: "fast" | "deep";
  /** What is looked at, relative to the folder; all that the tool's own configuration takes in when left out. */
  readonly paths?: readonly string[];
  /** The tool's configuration, relative to the folder; found by the tool itself when left out. */
  readonly config?: string;
}

/** Looks for mistakes. */
export function lint(options: LintOptions = {}): StepDefinition {
  const { tool = "oxlint", depth = "fast", config } = options;
  const folder = toolFolder(options.folder);
  const isDeep = depth === "deep";
  const name = options.name ?? folder.stepName(isDeep ? "deep lint" : "lint");
  const prefix = isDeep ? `${tool}-deep` : tool;
  const common = { inputs: options.inputs ?? folder.inputs(["**/*"]), ...commonOptions(options) };
  const paths = options.paths === undefined ? "" : ` ${pathWords(options.paths)}`;
  switch (tool) {
    case "oxlint": {
      const report = folder.report(`${prefix}-report.sarif`);
      const call = `oxlint${isDeep ? " --type-aware" : ""} --format sarif ${IGNORED}${optionWords("--config", config)}${paths}`;
      const beside = isDeep ? ["oxlint-tsgolint"] : [];
      return step(name, {
        run: folder.run(report, intoReport(call, folder.word(report))),
        ...common,
        packages: isDeep ? "all" : ["oxlint"],
        evidence: [{ format: "sarif", path: report, tool, ...folder.evidence }],
        // 1 for a configuration that it can't read and for no files, too: then its report is no SARIF.
        tool: npmTool("oxlint", { versions: ">=1.40.0 <2", exits: { "1": "findings" }, beside }),
      });
    }
    case "eslint": {
      const report = folder.report(`${prefix}-report.json`);
      const target = `--format json --output-file ${folder.word(report)} ${IGNORED}`;
      return step(name, {
        run: folder.run(report, `eslint ${target}${optionWords("--config", config)}${paths === "" ? " ." : paths}`),
        ...common,
        packages: "all",
        evidence: [{ format: "eslint-json", path: report, tool, ...folder.evidence }],
        tool: npmTool("eslint", {
          versions: ">=7.0.0 <11",
          exits: { "1": "findings", "2": "misconfigured" },
        }),
      });
    }
    case "biome": {
      const report = folder.report(`${prefix}-lint-report.sarif`);
      return step(name, { ...biome("lint", { folder, report, config, paths }), ...common });
    }
    default:
      return unreachable(tool);
  }
}

/** The reports of other steps are nobody's source. */
const IGNORED = "--ignore-pattern 'out/reports/**'";
