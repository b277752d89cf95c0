import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { commonOptions, intoReport, optionWords, toolFolder, type ToolOptions } from "../tool-folder.ts";
import { npmTool } from "./npm-tool.ts";

export interface TypesOptions extends ToolOptions {
  /** The compiler's configuration, relative to the folder; `tsconfig.json` when left out. */
  readonly project?: string;
}

/** Types, by TypeScript's compiler; nothing is written. */
export function types(options: TypesOptions = {}): StepDefinition {
  const folder = toolFolder(options.folder);
  // Several configurations of one folder have a report each.
  const own = (options.project ?? "").replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-json$|-$/gu, "");
  const report = folder.report(own === "" ? "tsc-report.txt" : `tsc-report-${own}.txt`);
  const call = `tsc --noEmit --pretty false${optionWords("--project", options.project)}`;
  return step(options.name ?? folder.stepName("types"), {
    run: folder.run(report, intoReport(call, folder.word(report))),
    inputs: options.inputs ?? folder.inputs(["**/*.{ts,mts,cts,tsx,js,mjs,cjs,jsx,json}"]),
    packages: "all",
    evidence: [{ format: "tsc-text", path: report, tool: "tsc", ...folder.evidence }],
    tool: npmTool("tsc", {
      package: "typescript",
      versions: ">=4.7.0 <8",
      // 2 is 1 with files that would have been written; a broken configuration is a diagnostic like any other.
      exits: { "1": "findings", "2": "findings" },
    }),
    ...commonOptions(options),
  });
}
