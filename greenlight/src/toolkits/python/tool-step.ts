import { posix } from "node:path";

import { step } from "../../pipeline/define.ts";
import type { EvidenceFormat, StepDefinition } from "../../pipeline/definition.ts";
import type { ToolDescriptor, ToolExit } from "../../pipeline/tool-definition.ts";
import { shellWord } from "../shell-word.ts";

/** What every step of this toolkit takes. */
export interface PythonOptions {
  /** Where the tool runs, relative to the project; the project's folder when left out. */
  readonly folder?: string;
  /** What it looks at, relative to `folder`; everything of the project's own when left out. */
  readonly paths?: readonly string[];
  /** Further arguments of the tool, each one word. */
  readonly arguments?: readonly string[];
  /** What its result depends on, as globs relative to the project; sources and configuration when left out. */
  readonly inputs?: readonly string[];
  readonly needs?: Readonly<Record<string, StepDefinition>>;
  readonly name?: string;
  readonly timeoutMs?: number;
}

/** A tool of the toolkit, and how its step is made. */
export interface PythonTool {
  /** Of the step, and of the tool in reports. */
  readonly name: string;
  readonly program: string;
  /** On the package index. */
  readonly distribution: string;
  /** Whose reports are understood. */
  readonly versions: string;
  readonly exits: Readonly<Record<string, ToolExit>>;
  readonly format: EvidenceFormat;
  /** The report's name. */
  readonly report: string;
  /** Files that may hold its configuration, besides sources. */
  readonly configuration: readonly string[];
  /** Variables of the engine that say how the network is reached, for a tool that needs it. */
  readonly env?: readonly string[];
  readonly validForMs?: number;
}

/** Names, as words of a shell, for the command of a step; `report` is seen from the tool's folder. */
export interface CommandWords {
  readonly report: string;
  /** What it is to look at: the paths that were given, or `.`. */
  readonly paths: string;
  /** As `paths`, for a tool with no sense for foreign folders: a shell line that comes before it, and `"$@"`. */
  readonly listed: { readonly before: string; readonly paths: string };
  /** Further arguments; empty, or with a space before it. */
  readonly extra: string;
}

/** The step of one tool: it runs in its folder, and leaves its report under its usual name. */
export function toolStep(
  tool: PythonTool,
  options: PythonOptions,
  command: (words: CommandWords) => string,
): StepDefinition {
  const place = placeOf(options.folder);
  const report = place.report(tool.report);
  const given = options.paths?.map(pathWord).join(" ");
  const words: CommandWords = {
    report: shellWord(place.fromFolder(report)),
    paths: given ?? ".",
    listed: given === undefined ? { before: `${SOURCES}; `, paths: '"$@"' } : { before: "", paths: given },
    extra: (options.arguments ?? []).map((each) => ` ${shellWord(each)}`).join(""),
  };
  return step(options.name ?? place.stepName(tool.name), {
    run: place.run(posix.dirname(report), command(words)),
    inputs: options.inputs ?? [...place.inputs(["**/*.py", "**/*.pyi"]), ...place.configuration(tool.configuration)],
    evidence: [{ format: tool.format, path: report, tool: tool.name, ...place.evidenceFolder }],
    tool: describeTool(tool),
    ...(options.needs === undefined ? {} : { needs: options.needs }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(tool.env === undefined ? {} : { env: tool.env }),
    ...(tool.validForMs === undefined ? {} : { validForMs: tool.validForMs }),
  });
}

export function describeTool(
  tool: Pick<PythonTool, "name" | "program" | "distribution" | "versions" | "exits">,
): ToolDescriptor {
  const { name, program, distribution, versions, exits } = tool;
  return {
    name,
    program,
    install: `pip install ${shellWord(distribution)} into the project's environment (or: uv add --dev ${distribution}; poetry add --group dev ${distribution})`,
    package: { ecosystem: "pypi", name: distribution },
    versions,
    exits,
  };
}

export interface ToolPlace {
  /** Empty for the project's own folder. */
  readonly folder: string;
  stepName(tool: string): string;
  /** Where a report of that name lies, relative to the project. */
  report(name: string): string;
  /** A path that is relative to the project, as the tool has to call it. */
  fromFolder(path: string): string;
  /** `command`, run in the folder once the folder for its report is there. */
  run(reportFolder: string, command: string): string;
  /** Globs below the folder, as inputs of the project; what nobody wrote is left out. */
  inputs(globs: readonly string[]): readonly string[];
  /** Names of files that may stand in the folder or in one around it. */
  configuration(names: readonly string[]): readonly string[];
  readonly evidenceFolder: { readonly folder?: string };
}

/** The names that follow from where a tool runs. Throws when that is not a folder of the project. */
export function placeOf(given = "."): ToolPlace {
  const folder = posix.normalize(given).replace(/\/+$/u, "").replace(/^\.$/u, "");
  if (folder.startsWith("/") || folder === ".." || folder.startsWith("../"))
    throw new Error(`the folder ${JSON.stringify(given)} is not inside the project`);
  const parts = folder === "" ? [] : folder.split("/");
  const around = ["", ...parts.map((_, index) => `${parts.slice(0, index + 1).join("/")}/`)];
  const below = folder === "" ? "" : `${escapeGlob(folder)}/`;
  return {
    folder,
    stepName: (tool) => (folder === "" ? tool : `${tool} (${folder})`.slice(0, 100)),
    report: (name) => posix.join("out/reports", folder, name),
    fromFolder: (path) => posix.join(...parts.map(() => ".."), path),
    run: (reportFolder, command) =>
      `mkdir -p ${shellWord(reportFolder)} && ${folder === "" ? "" : `cd ${pathWord(folder)} && `}{ ${command}; }`,
    inputs: (globs) => [
      ...globs.map((glob) => `${below}${glob}`),
      ...FOREIGN.map((name) => `!**/${name}/**`),
      "!out/**",
    ],
    configuration: (names) => around.flatMap((each) => names.map((name) => `${escapeGlob(each)}${name}`)),
    evidenceFolder: folder === "" ? {} : { folder },
  };
}

/** Folders that hold what others wrote or a tool made. */
const FOREIGN = [".venv", ".venv-*", "venv", "node_modules", "__pycache__", ".greenlight", ".git", ".tox", ".nox"];

/**
 * A shell line that lists what a tool without a sense for such folders should look at: what lies in this folder and is
 * neither hidden nor foreign. Where there is no source at all, the tool's own words would be about the wrong thing.
 */
const SOURCES =
  'set --; for each in *; do case "$each" in venv|node_modules|out|__pycache__) ;; ' +
  '*.py|*.pyi) set -- "$@" "./$each" ;; *) [ ! -d "$each" ] || set -- "$@" "./$each" ;; esac; done; ' +
  `[ $# -gt 0 ] || { echo "there is no Python source in $(pwd)" >&2; exit 78; }`;

/** The status of the line above when it finds nothing; sysexits' EX_CONFIG, which none of the tools uses. */
export const NO_SOURCES = { "78": "misconfigured" } as const;

function pathWord(path: string): string {
  return shellWord(path.startsWith("-") ? `./${path}` : path);
}

/** A folder's name in a glob, as itself. */
function escapeGlob(path: string): string {
  return path.replaceAll(/[\\*?[\]{}()!+@]/gu, String.raw`\$&`);
}
