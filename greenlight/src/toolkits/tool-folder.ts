import { posix } from "node:path";

import { unreachable } from "../base/unreachable.ts";
import type { StepDefinition } from "../pipeline/definition.ts";
import { shellWord } from "./shell-word.ts";

/** What every step of a tool takes. */
export interface ToolOptions {
  /** Where the tool runs, relative to the project; the project's folder when left out. */
  readonly folder?: string;
  /** The step's name; the tool's usual one when left out. */
  readonly name?: string;
  /** What its result depends on, as globs relative to the project; all of the folder when left out. */
  readonly inputs?: readonly string[];
  readonly needs?: Readonly<Record<string, StepDefinition>>;
  readonly timeoutMs?: number;
}

/** Where the reports of all tools lie, relative to the project. */
const REPORT_FOLDER = "out/reports";

/** Files that no tool looks at: what is generated, and what others wrote. */
export const GENERATED = ["!**/dist/**", "!**/out/**", "!**/data/**", "!**/coverage/**", "!**/node_modules/**"];

/** The folder of the project in which a tool runs, and the names that follow from it. */
export interface ToolFolder {
  /** Relative to the project, without a slash at its end; empty for the project's own. */
  readonly path: string;
  readonly evidence: { readonly folder?: string };
  /** A step's name there: as it is in the project's own folder, with the folder elsewhere. */
  stepName(name: string): string;
  /** Where a report of that name lies, relative to the project. */
  report(name: string): string;
  /** A path that is relative to the project, as a word of a shell that stands in the folder. */
  word(path: string): string;
  /** `command` in this folder, with the report's folder there. */
  run(report: string, command: string): string;
  /** Globs below the folder, then what no tool looks at. */
  inputs(globs: readonly string[]): readonly string[];
}

/** Throws a RangeError when `folder` is no folder inside the project. */
export function toolFolder(folder = ""): ToolFolder {
  const normal = posix.normalize(folder === "" ? "." : folder).replace(/\/+$/u, "");
  if (normal.startsWith("/") || normal === ".." || normal.startsWith("../"))
    throw new RangeError(`the folder "${folder}" is not inside the project`);
  const path = normal === "." ? "" : normal;
  const up = path === "" ? "" : "../".repeat(path.split("/").length);
  const below = path === "" ? "" : `${escapeGlob(path)}/`;
  return {
    path,
    evidence: path === "" ? {} : { folder: path },
    stepName: (name) => (path === "" ? name : `${name} (${path})`.slice(0, 100)),
    report: (name) => posix.join(REPORT_FOLDER, path, name),
    word: (to) => shellWord(`${up}${to}`),
    run: (report, command) => {
      const enter = path === "" ? "" : `cd ${pathWord(path)} && `;
      // A report that an earlier run left must not speak for a tool that does not come to write one.
      return `mkdir -p ${shellWord(posix.dirname(report))} && rm -f ${shellWord(report)} && ${enter}{ ${command}; }`;
    },
    inputs: (globs) => [...globs.map((glob) => `${below}${glob}`), ...GENERATED],
  };
}

/** What a tool is told to look at, as words of a shell; a name that begins with a dash is no option. */
export function pathWords(paths: readonly string[]): string {
  return paths.map(pathWord).join(" ");
}

/** Arguments of a tool: `--config 'a b.json'`; empty when `value` is left out. */
export function optionWords(name: string, value: string | number | undefined): string {
  return value === undefined ? "" : ` ${name} ${shellWord(String(value))}`;
}

/** `tool` with what it writes as its report, which is shown in the log as well; ends as the tool ends (a pipe would hide that). */
export function intoReport(tool: string, report: string, errors: "apart" | "mixed" | "behind" = "apart"): string {
  const show = `code=$?; cat ${report}; exit $code`;
  switch (errors) {
    case "apart":
      return `${tool} > ${report}; ${show}`;
    case "mixed":
      return `${tool} > ${report} 2>&1; ${show}`;
    case "behind":
      return `errors=$({ ${tool} > ${report}; } 2>&1); code=$?; [ -z "$errors" ] || printf '%s\\n' ${shellWord(ERRORS_BELOW)} "$errors" >> ${report}; cat ${report}; exit $code`;
    default:
      return unreachable(errors);
  }
}

/** In a report: the line behind which the tool's standard error stands. Its reader knows it too. */
const ERRORS_BELOW = "--- standard error ---";

/** What a step takes from the options of its tool as it is. */
export function commonOptions({ needs, timeoutMs }: ToolOptions): {
  readonly needs?: Readonly<Record<string, StepDefinition>>;
  readonly timeoutMs?: number;
} {
  return { ...(needs === undefined ? {} : { needs }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

function pathWord(path: string): string {
  return shellWord(path.startsWith("-") ? `./${path}` : path);
}

/** A folder's name in a glob, as itself. */
function escapeGlob(path: string): string {
  return path.replaceAll(/[\\*?[\]{}()!+@]/gu, String.raw`\$&`);
}
