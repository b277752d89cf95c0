/** Brackets by themselves are letters of a name, as in `films (1).jsonl`; with a choice or a sign before them they are not. */
const WILDCARD = /[*?{[]|[@!+]\(|\([^)]*\|/u;

/** What nearly every path looks like: one spelling, no wildcard, no way out, below a folder without a dot. */
const SIMPLE = /^[\w-]+(?:\/[\w-][\w.-]*)+$/u;

/** True for a path of which every function here would say that there is nothing special about it. */
export function isSimple(path: string): boolean {
  return SIMPLE.test(path);
}

/** The part of a path or glob before its first wildcard, spelt one way: without `./` and needless slashes. */
export function fixedPart(glob: string): string {
  if (isSimple(glob)) return glob;
  const plain = plainPath(glob);
  const at = plain.search(WILDCARD);
  return at < 0 ? plain : plain.slice(0, at).replace(/\/+$/u, "");
}

/** A path without needless slashes and `./`, so that one path has one spelling. */
export function plainPath(path: string): string {
  return path
    .replaceAll(/\/{2,}/gu, "/")
    .replaceAll(/(^|\/)(?:\.\/)+/gu, "$1")
    .replace(/\/$/u, "");
}

/** The nearest entry at `path` or above it that `isWanted`; the project's own folder, "", holds nothing. */
export function findHolder<Entry>(
  holders: ReadonlyMap<string, Entry>,
  path: string,
  isWanted: (entry: Entry) => boolean,
): Entry | undefined {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
    const entry = holders.get(at);
    if (entry !== undefined && isWanted(entry)) return entry;
  }
  return undefined;
}

export function isAbsolute(path: string): boolean {
  return path.startsWith("/") || path.startsWith("\\") || /^[A-Za-z]:/u.test(path);
}

/** True for a path that leads out of the project by its letters. */
export function leadsOutside(path: string): boolean {
  return isAbsolute(path) || path.split(/[/\\]/u).includes("..");
}
