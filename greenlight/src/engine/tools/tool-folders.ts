import { delimiter, dirname, join, resolve } from "node:path";

import type { PlannedStep } from "../../pipeline/plan.ts";
import { isOutside } from "../files/is-outside.ts";

export interface ToolPlace {
  readonly projectFolder: string;
  /** How far up environments of Python are looked for; the project's folder when left out. */
  readonly repositoryFolder?: string;
  /** Where the tool runs, relative to the project; the project's folder when left out. */
  readonly toolFolder?: string;
  /** The engine's own variables. */
  readonly from: Readonly<Record<string, string | undefined>>;
}

/** Where the step's tool runs, relative to the project: its report says so. */
export function toolFolderOf(step: Pick<PlannedStep, "evidence">): string {
  return step.evidence.find((source) => source.folder !== undefined)?.folder ?? ".";
}

/**
 * Where tools are looked for before PATH, each folder with a delimiter behind it: the project's own environment of Python,
 * the one that is active, where npm installs, and this Node. Whether the folders exist is left to who searches them: a
 * step may make what the next one calls.
 */
export function toolFolders({ projectFolder, repositoryFolder, toolFolder = ".", from }: ToolPlace): string {
  const start = resolve(projectFolder, toolFolder);
  const top = repositoryFolder ?? projectFolder;
  const [chosen = "", active = ""] = [from["UV_PROJECT_ENVIRONMENT"], from["VIRTUAL_ENV"]];
  const key = [start, top, chosen, active].join("\0");
  const known = foldersOf.get(key);
  if (known !== undefined) return known;
  const upward = parentsOf(start);
  const inside = upward.filter((folder) => folder === start || !isOutside(top, folder));
  const environments = [
    ...inside.flatMap((folder) => [join(folder, ".venv"), join(folder, "venv")]),
    ...(chosen === "" ? [] : [resolve(start, chosen)]),
    ...(active === "" ? [] : [active]),
  ];
  const folders = [
    ...environments.map((folder) => join(folder, PROGRAMS)),
    ...upward.map((folder) => join(folder, "node_modules", ".bin")),
    dirname(process.execPath),
  ];
  const text = [...folders, ""].join(delimiter);
  foldersOf.set(key, text);
  return text;
}

/** PATH of the step's process, as `stepEnvironment` makes it. */
export function searchPathOf(step: Pick<PlannedStep, "evidence" | "variables">, place: ToolPlace): string {
  const path = step.variables["PATH"] ?? place.from["PATH"] ?? "";
  return `${toolFolders({ ...place, toolFolder: toolFolderOf(step) })}${path}`;
}

/** Where an environment of Python keeps its programs. */
const PROGRAMS = process.platform === "win32" ? "Scripts" : "bin";
const foldersOf = new Map<string, string>();

function parentsOf(folder: string): string[] {
  const folders = [folder];
  for (let here = folder; dirname(here) !== here; here = dirname(here)) folders.push(dirname(here));
  return folders;
}
