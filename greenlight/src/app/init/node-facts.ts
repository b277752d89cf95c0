import type { FolderContent, NodeFacts, NodeManager } from "./repository-facts.ts";

const LOCKS: Readonly<Record<string, "npm" | "pnpm" | "yarn">> = {
  "package-lock.json": "npm",
  "npm-shrinkwrap.json": "npm",
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
};

export interface PackageFile {
  readonly name?: unknown;
  readonly workspaces?: unknown;
  readonly packageManager?: unknown;
  readonly scripts?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, unknown>>;
  readonly devDependencies?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** What a folder with a package.json says about its project. Pure; a package.json that can't be read is told as a choice. */
export function nodeFacts(content: FolderContent): NodeFacts {
  const choices: string[] = [];
  const own = readPackage(content.texts["package.json"] ?? "");
  if (own === null) choices.push(`${at(content)}package.json can't be read as JSON: mend it first.`);
  const names = { ...own?.dependencies, ...own?.devDependencies };
  const has = (name: string): boolean => Object.hasOwn(names, name);
  const hasFile = (pattern: RegExp): boolean => content.files.some((file) => pattern.test(file));
  const facts = {
    format: first([
      ["oxfmt", has("oxfmt") || hasFile(/^\.?oxfmtrc\./u)],
      ["biome", has("@biomejs/biome") && hasFile(/^biome\.jsonc?$/u)],
      ["prettier", has("prettier") || hasFile(/^\.prettierrc/u)],
    ] as const),
    lint: first([
      ["oxlint", has("oxlint")],
      ["eslint", has("eslint") || hasFile(/^(\.eslintrc|eslint\.config\.)/u)],
      ["biome", has("@biomejs/biome") && hasFile(/^biome\.jsonc?$/u)],
    ] as const),
    tests: testsOf(own, has, hasFile),
  };
  const locks = Object.keys(LOCKS).filter((name) => content.files.includes(name));
  const manager = managerOf(own, locks, content);
  if (locks.length > 1) {
    const others = locks.filter((name) => LOCKS[name] !== manager?.split("-", 1)[0]).join(", ");
    choices.push(
      `${at(content)}${locks.join(" and ")} stand side by side: ${manager ?? "none"} was taken; delete ${others}, or choose otherwise.`,
    );
  }
  if (locks.length === 0) {
    choices.push(`${at(content)}no lock file: without one nothing that runs packages can be cached; commit one.`);
  }
  if (facts.lint === null) choices.push(`${at(content)}no linter was found.`);
  if (facts.format === null) choices.push(`${at(content)}no formatter was found.`);
  if (facts.tests === null)
    choices.push(`${at(content)}no tests that are understood were found (vitest, jest, node:test).`);
  const hasTypes = hasFile(/^tsconfig\.json$/u) && (has("typescript") || facts.lint !== null);
  const typeProjects = hasTypes ? referencedProjects(content.texts["tsconfig.json"] ?? "") : [];
  return {
    kind: "node",
    folder: content.folder,
    name: text(own?.name),
    manager,
    hasTypes,
    typeProjects,
    choices,
    ...facts,
  };
}

export function readPackage(source: string): PackageFile | null {
  try {
    const read: unknown = JSON.parse(source.replace(/^\uFEFF/u, ""));
    return typeof read === "object" && read !== null && !Array.isArray(read) ? (read as PackageFile) : null;
  } catch {
    return null;
  }
}

/** A tsconfig.json may hold no files and only name others; by itself the compiler would then look at nothing. */
function referencedProjects(source: string): readonly string[] {
  const config = readConfig(source);
  if (!Array.isArray(config["files"]) || config["files"].length > 0 || !Array.isArray(config["references"])) return [];
  const paths = (config["references"] as unknown[]).map((each) =>
    typeof each === "object" && each !== null && "path" in each ? text(each.path) : null,
  );
  return paths.flatMap((path) => (path === null ? [] : [path.replace(/^\.\//u, "")]));
}

function testsOf(
  own: PackageFile | null,
  has: (name: string) => boolean,
  hasFile: (pattern: RegExp) => boolean,
): NodeFacts["tests"] {
  if (has("vitest")) return "vitest";
  if (has("jest") || hasFile(/^jest\.config\./u)) return "jest";
  const scripts = Object.entries(own?.scripts ?? {}).filter(([name]) => name.startsWith("test"));
  return scripts.some(([, script]) => /(^|[\s"'])(node|tsx)\b[^&|;]*--test\b/u.test(String(script)))
    ? "node:test"
    : null;
}

function managerOf(own: PackageFile | null, locks: readonly string[], { files }: FolderContent): NodeManager | null {
  const manager = namedManager(own, locks);
  if (manager !== "yarn") return manager;
  // Both versions keep a yarn.lock; only the newer one is configured in YAML.
  const isNewer = files.includes(".yarnrc.yml") || /^yarn@([2-9]|\d\d)/u.test(text(own?.packageManager) ?? "");
  return isNewer ? "yarn" : "yarn-classic";
}

function namedManager(own: PackageFile | null, locks: readonly string[]): "npm" | "pnpm" | "yarn" | null {
  const named = /^(npm|pnpm|yarn)@/u.exec(text(own?.packageManager) ?? "")?.[1] as "npm" | "pnpm" | "yarn" | undefined;
  const byLock = locks.map((name) => LOCKS[name]);
  if (named !== undefined && (byLock.length === 0 || byLock.includes(named))) return named;
  return byLock[0] ?? null;
}

function first<Name extends string>(list: readonly (readonly [Name, boolean])[]): Name | null {
  return list.find(([, is]) => is)?.[0] ?? null;
}

/** JSON with comments and commas at the end of lists, as TypeScript's files have them; empty when it is neither. */
function readConfig(source: string): Readonly<Record<string, unknown>> {
  const plain = source
    .replaceAll(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//gu, (part) => (part.startsWith('"') ? part : " "))
    .replaceAll(/"(?:[^"\\]|\\.)*"|,(?=\s*[\]}])/gu, (part) => (part.startsWith('"') ? part : ""));
  return readPackage(plain) ?? {};
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function at({ folder }: FolderContent): string {
  return folder === "" ? "" : `${folder}: `;
}
