import { readFile } from "node:fs/promises";
import { createRequire, isBuiltin } from "node:module";
import { relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { init, parse } from "es-module-lexer";

import { digestBytes } from "../../base/file-digest.ts";

export interface ImportClosure {
  /** File relative to `folder` → SHA-256 of its text, or `MISSING`. */
  readonly modules: Readonly<Record<string, string>>;
  /** Package names imported anywhere in the closure, sorted. */
  readonly packages: readonly string[];
  /** Files that import what can't be known without running them: a computed specifier, an alias. */
  readonly computed: readonly string[];
}

/** Stands for a module that can't be read: whoever runs it is told more. */
const MISSING = "missing";

/**
 * Follows the static imports and literal dynamic imports of a module, and the literal `require` calls of CommonJS, through
 * its own files, not into packages.
 */
export async function importClosure(entry: string, folder: string): Promise<ImportClosure> {
  await init();
  const modules: Record<string, string> = {};
  const packages = new Set<string>();
  const computed = new Set<string>();
  const queue = [entry];
  const seen = new Set(queue);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const bytes = await readFile(path).catch(() => null);
    const name = relative(folder, path).split(sep).join("/");
    modules[name] = bytes === null ? MISSING : digestBytes(bytes);
    for (const target of bytes === null ? [] : targetsOf(path, bytes.toString())) {
      if (target.kind === "computed") computed.add(name);
      else if (target.kind === "package") packages.add(target.name);
      else if (!seen.has(target.path)) {
        seen.add(target.path);
        queue.push(target.path);
      }
    }
  }
  return {
    modules: Object.fromEntries(Object.entries(modules).toSorted(([left], [right]) => (left < right ? -1 : 1))),
    packages: [...packages].toSorted(),
    computed: [...computed].toSorted(),
  };
}

type Target =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "package"; readonly name: string }
  | { readonly kind: "computed" };

const COMPUTED: Target = { kind: "computed" };

/** What a file imports. TypeScript is lexed as it stands. */
function targetsOf(path: string, text: string): Target[] {
  if (!/\.[cm]?[jt]s$/u.test(path)) return [];
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(text, path);
  } catch {
    // Nor will it run: its error is told then.
    return [COMPUTED];
  }
  const [imports, , , hasModuleSyntax] = parsed;
  const targets = imports.flatMap((each): Target[] => {
    if (each.type === "import-meta") return [];
    if (each.type !== "dynamic") return each.typeOnly ? [] : targetOf(path, each.specifier);
    if (each.probablyTypeOnly) return [];
    return each.glob || each.specifier === undefined ? [COMPUTED] : targetOf(path, each.specifier);
  });
  return hasModuleSyntax && !text.includes("createRequire") ? targets : [...targets, ...requiredBy(path, text)];
}

function targetOf(from: string, specifier: string): Target[] {
  if (isBuiltin(specifier) || specifier.startsWith("data:")) return [];
  if (/^\.{0,2}\//u.test(specifier) || specifier.startsWith("file:")) {
    try {
      // A query makes another module of the same file.
      return [{ kind: "file", path: fileURLToPath(new URL(specifier, pathToFileURL(from))) }];
    } catch {
      return [COMPUTED];
    }
  }
  // `#name` is an alias of the importer's package; what other schemes lead to nobody can tell.
  return /^#|^[\w+.-]+:/u.test(specifier) ? [COMPUTED] : [{ kind: "package", name: packageName(specifier) }];
}

const REQUIRE = /\brequire\s*\(/gu;
const LITERAL_REQUIRE = /\brequire\s*\(\s*(["'])([^"'`\\]+)\1\s*\)/gu;

/** CommonJS has no grammar of its own for this: every call by that name counts. */
function requiredBy(path: string, text: string): Target[] {
  const literals = [...text.matchAll(LITERAL_REQUIRE)].map((match) => match[2] ?? "");
  const targets = literals.flatMap((specifier) => requiredTarget(path, specifier));
  return literals.length < [...text.matchAll(REQUIRE)].length ? [...targets, COMPUTED] : targets;
}

/** Without an ending, or for a folder, it is Node that says which file is meant. */
function requiredTarget(from: string, specifier: string): Target[] {
  if (!/^\.{0,2}(?:\/|$)/u.test(specifier)) return targetOf(from, specifier);
  try {
    return [{ kind: "file", path: createRequire(from).resolve(specifier) }];
  } catch {
    // It can't be run as it is; should it be there one day, that is a change.
    return targetOf(from, specifier.endsWith(".") ? `${specifier}/` : specifier);
  }
}

function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}
