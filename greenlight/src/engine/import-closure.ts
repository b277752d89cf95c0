import { readFile } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";

import { init, parse } from "es-module-lexer";

import { digestText } from "../base/file-digest.ts";

export interface ImportClosure {
  /** File relative to `folder` → SHA-256 of its text. */
  readonly modules: Readonly<Record<string, string>>;
  /** Package names imported anywhere in the closure, sorted. */
  readonly packages: readonly string[];
  /** Files that import a computed specifier: what they depend on can't be known. */
  readonly computed: readonly string[];
}

/** Follows the static imports and literal dynamic imports of a module through its own files, not into packages. */
export async function importClosure(entry: string, folder: string): Promise<ImportClosure> {
  await init();
  const modules: Record<string, string> = {};
  const packages = new Set<string>();
  const computed: string[] = [];
  const queue = [entry];
  const seen = new Set(queue);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const text = await readFile(path, "utf8");
    const name = relative(folder, path).split(sep).join("/");
    modules[name] = digestText(text);
    for (const specifier of specifiersOf(path, text)) {
      if (specifier === null) computed.push(name);
      else if (specifier.startsWith(".")) {
        const target = resolve(dirname(path), specifier);
        if (seen.has(target)) continue;
        seen.add(target);
        queue.push(target);
      } else if (!specifier.startsWith("node:")) packages.add(packageName(specifier));
    }
  }
  return {
    modules: Object.fromEntries(Object.entries(modules).toSorted(([left], [right]) => (left < right ? -1 : 1))),
    packages: [...packages].toSorted(),
    computed: computed.toSorted(),
  };
}

/** Every specifier of a module; null for one that is computed. TypeScript is lexed as it stands. */
function specifiersOf(path: string, text: string): (string | null)[] {
  if (!/\.[cm]?[jt]s$/u.test(path)) return [];
  const [imports] = parse(text, path);
  return imports.flatMap((each) => {
    if (each.type === "import-meta") return [];
    if (each.type !== "dynamic") return each.typeOnly ? [] : [each.specifier];
    return each.probablyTypeOnly ? [] : [each.glob || each.specifier === undefined ? null : each.specifier];
  });
}

function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}
