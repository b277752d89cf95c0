import type { CommandOptions } from "../../pipeline/define.ts";
import { optionWords, type ToolFolder } from "../tool-folder.ts";
import { npmTool } from "./npm-tool.ts";

interface BiomeCall {
  readonly folder: ToolFolder;
  /** Relative to the project. */
  readonly report: string;
  readonly config: string | undefined;
  /** Words of a shell with a space before them, or nothing. */
  readonly paths: string;
}

/** What a step of Biome is, whichever of its commands it runs. Nothing is changed. */
export function biome(
  command: "format" | "lint",
  { folder, report, config, paths }: BiomeCall,
): Pick<CommandOptions, "run" | "packages" | "evidence" | "tool"> {
  const reporter = `--max-diagnostics=none --reporter=sarif --reporter-file=${folder.word(report)}`;
  const call = `biome ${command} --colors=off ${reporter}${optionWords("--config-path", config)}${paths}`;
  return {
    run: folder.run(report, call),
    packages: ["@biomejs/biome"],
    evidence: [{ format: "sarif", path: report, tool: "biome", ...folder.evidence }],
    tool: BIOME,
  };
}

/** 1 for findings, and for a configuration that it can't read, after which there is no report. SARIF since 2.4. */
const BIOME = npmTool("biome", {
  package: "@biomejs/biome",
  versions: ">=2.4.0 <3",
  exits: { "1": "findings" },
});
