import { unreachable } from "../../base/unreachable.ts";
import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { commonOptions, intoReport, optionWords, pathWords, toolFolder, type ToolOptions } from "../tool-folder.ts";
import { biome } from "./biome.ts";
import { npmTool } from "./npm-tool.ts";

export interface FormatOptions extends ToolOptions {
  /** `oxfmt` when left out. */
  readonly tool?: "oxfmt" | "prettier" | "biome";
  /** What is looked at, relative to the folder; all that the tool's own configuration takes in when left out. */
  readonly paths?: readonly string[];
  /** The tool's configuration, relative to the folder; found by the tool itself when left out. */
  readonly config?: string;
}

/** Formatting, and the order of imports where the tool looks at it. Nothing is changed. */
export function format(options: FormatOptions = {}): StepDefinition {
  const { tool = "oxfmt", config } = options;
  const folder = toolFolder(options.folder);
  // Formatters choose their files themselves, by endings that grow with each version: all may matter.
  const common = { inputs: options.inputs ?? folder.inputs(["**/*"]), ...commonOptions(options) };
  const name = options.name ?? folder.stepName("format");
  const configured = optionWords("--config", config);
  const paths = options.paths === undefined ? "" : ` ${pathWords(options.paths)}`;
  switch (tool) {
    case "oxfmt": {
      const report = folder.report("oxfmt-report.txt");
      const call = `oxfmt --list-different${configured}${paths} '!out/reports/**'`;
      return step(name, {
        run: folder.run(report, intoReport(call, folder.word(report), "behind")),
        ...common,
        packages: ["oxfmt"],
        evidence: [{ format: "oxfmt-list", path: report, tool, ...folder.evidence }],
        // A file that it can't parse ends it with 2, and a configuration that it can't read with 1.
        tool: npmTool("oxfmt", { versions: ">=0.40.0 <2", exits: { "1": "findings", "2": "findings" } }),
      });
    }
    case "prettier": {
      const report = folder.report("prettier-report.txt");
      const call = `prettier --check --no-color${configured}${paths === "" ? PRETTIER_ALL : paths}`;
      return step(name, {
        run: folder.run(report, intoReport(call, folder.word(report), "mixed")),
        ...common,
        packages: "all",
        evidence: [{ format: "prettier-check", path: report, tool, ...folder.evidence }],
        // 2: a file that it can't parse, or a configuration that it can't read; the report says which.
        tool: npmTool("prettier", { versions: ">=2.3.0 <4", exits: { "1": "findings", "2": "findings" } }),
      });
    }
    case "biome": {
      const report = folder.report("biome-format-report.sarif");
      return step(name, { ...biome("format", { folder, report, config, paths }), ...common });
    }
    default:
      return unreachable(tool);
  }
}

/** Prettier looks at hidden folders, too, and knows nothing of what lies there for Greenlight. */
const PRETTIER_ALL = " . '!.greenlight/**' '!out/reports/**'";
