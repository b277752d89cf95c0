import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { nodeFacts, readPackage } from "./node-facts.ts";
import { isPythonProject, pythonFacts } from "./python-facts.ts";
import { readFolders } from "./read-folders.ts";
import type { FolderContent, NodeFacts, PythonFacts, RepositoryFacts } from "./repository-facts.ts";

/** Folders whose projects are there to be looked at, not to be shipped. */
const NOT_SHIPPED = /(^|\/)(examples?|samples?|fixtures?|templates?|docs?|tests?|__tests__|e2e)(\/|$)/u;

/** Looks at a repository; reads only names and the files that say how it is built, runs nothing. */
export function lookAtRepository(root: string): RepositoryFacts {
  const { folders, isCut } = readFolders(root);
  const choices: string[] = [];
  if (isCut)
    choices.push("The repository has more folders than were looked at: name the projects that are missing here.");
  const projects = [...nodeProjects(folders), ...pythonProjects(folders)];
  const shipped = projects.filter(({ folder }) => !NOT_SHIPPED.test(folder));
  const kept = shipped.length > 0 ? shipped : projects;
  const dropped = projects.filter((each) => !kept.includes(each)).map(({ folder }) => folder);
  if (dropped.length > 0) choices.push(`Left out, because of where they stand: ${dropped.join(", ")}.`);
  const own =
    kept.find(({ folder, name }) => folder === "" && name !== null) ?? (kept.length === 1 ? kept[0] : undefined);
  return {
    name: validName(own?.name ?? basename(root)),
    definition: definitionName(folders[0]),
    mainBranch: mainBranch(root),
    projects: kept,
    choices,
  };
}

/** A folder with a package.json, unless an upper one counts it among its workspaces or has no tool of its own. */
function nodeProjects(folders: readonly FolderContent[]): readonly NodeFacts[] {
  const found: { readonly content: FolderContent; readonly isWorkspaceRoot: boolean }[] = [];
  for (const content of folders) {
    const source = content.texts["package.json"];
    if (source === undefined) continue;
    const above = found.filter((each) => isBelow(content.folder, each.content.folder));
    const hasLock = content.files.some((name) => /^(package-lock\.json|pnpm-lock\.yaml|yarn\.lock)$/u.test(name));
    // A member of a workspace is built and tested from its root.
    if (above.some((each) => each.isWorkspaceRoot) && !hasLock) continue;
    const own = readPackage(source);
    const isUsed = hasLock || Object.keys({ ...own?.dependencies, ...own?.devDependencies }).length > 0;
    // Many a package.json below only says `"type": "commonjs"`.
    if (!isUsed && own !== null && above.length > 0) continue;
    const isWorkspaceRoot = own?.workspaces !== undefined || content.texts["pnpm-workspace.yaml"] !== undefined;
    found.push({ content, isWorkspaceRoot });
  }
  return found.map(({ content }) => nodeFacts(content));
}

function pythonProjects(folders: readonly FolderContent[]): readonly PythonFacts[] {
  const withPython = new Set(
    folders.filter(({ files }) => files.some((name) => name.endsWith(".py"))).map(({ folder }) => folder),
  );
  const found: FolderContent[] = [];
  for (const content of folders) {
    if (!isPythonProject(content)) continue;
    if (found.some((each) => isBelow(content.folder, each.folder)) && !isOwnProject(content)) continue;
    found.push(content);
  }
  return found.map((content) =>
    pythonFacts(content, (name) => {
      const folder = content.folder === "" ? name : `${content.folder}/${name}`;
      return [...withPython].some((each) => each === folder || each.startsWith(`${folder}/`));
    }),
  );
}

/** Below another project only what is packaged by itself counts; a second requirements.txt does not. */
function isOwnProject({ texts }: FolderContent): boolean {
  return /^\s*\[(project|tool\.poetry)\]/mu.test(texts["pyproject.toml"] ?? "") || texts["setup.py"] !== undefined;
}

/** Beside a package.json that does not say that its files are modules, only the longer ending says it of a definition. */
function definitionName(root: FolderContent | undefined): string {
  const source = root?.texts["package.json"];
  const isPlain = source === undefined || readPackage(source)?.["type"] === "module";
  return isPlain ? "greenlight.config.ts" : "greenlight.config.mts";
}

function isBelow(folder: string, upper: string): boolean {
  return folder !== upper && (upper === "" || folder.startsWith(`${upper}/`));
}

/** As `git init` and code hosts call it; where there is no checkout, `main`. */
function mainBranch(root: string): string {
  const read = (name: string): string => {
    try {
      return readFileSync(join(root, ".git", name), "utf8");
    } catch {
      return "";
    }
  };
  const remote = /^ref: refs\/remotes\/origin\/(\S+)/u.exec(read("refs/remotes/origin/HEAD"))?.[1];
  const local = /^ref: refs\/heads\/(\S+)/u.exec(read("HEAD"))?.[1];
  const name = remote ?? local ?? "main";
  return /^[\w./-]+$/u.test(name) ? name : "main";
}

/** As a project may be called: lower-case letters, digits and dashes, up to 63. */
function validName(name: string): string {
  const dashed = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "")
    .slice(0, 63)
    .replaceAll(/-+$/gu, "");
  return dashed === "" ? "service" : dashed;
}
