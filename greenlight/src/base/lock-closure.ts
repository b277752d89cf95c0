/** The part of a `package-lock.json` (version 2 or 3) that is read here. */
export interface PackageLock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  /** For links: the folder that it leads to. */
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * Folders of every package that `workspace` (its folder relative to the lock file, "" for the root) reaches,
 * sorted; resolved as Node does, from the nearest `node_modules` upward. `only` starts from those packages instead of all of the workspace's. Absent optional packages are left out.
 */
export function lockClosure(
  lock: PackageLock,
  workspace: string,
  options: { readonly includesDevelopment: boolean } | { readonly only: readonly string[] },
): string[] {
  const reached = new Set<string>();
  const queue: string[] =
    "only" in options ? options.only.flatMap((name) => resolvePackage(lock, workspace, name) ?? []) : [workspace];
  if ("only" in options) for (const place of queue) reached.add(place);
  for (let from = queue.pop(); from !== undefined; from = queue.pop()) {
    const entry = lock.packages[from];
    if (entry === undefined) continue;
    const names = [
      ...Object.keys(entry.dependencies ?? {}),
      ...Object.keys(entry.optionalDependencies ?? {}),
      ...Object.keys(entry.peerDependencies ?? {}),
      ...(from === workspace && "includesDevelopment" in options && options.includesDevelopment
        ? Object.keys(entry.devDependencies ?? {})
        : []),
    ];
    for (const name of names) {
      const found = resolvePackage(lock, from, name);
      if (found === null || reached.has(found)) continue;
      reached.add(found);
      queue.push(found);
    }
  }
  return [...reached].toSorted();
}

function resolvePackage(lock: PackageLock, from: string, name: string): string | null {
  let folder = from;
  for (;;) {
    const candidate = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = lock.packages[candidate];
    if (entry !== undefined) return entry.link === true && entry.resolved !== undefined ? entry.resolved : candidate;
    if (folder === "") return null;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
    // `…/node_modules/x` looks next in what holds that `node_modules`.
    if (folder === "node_modules") folder = "";
    else if (folder.endsWith("/node_modules")) folder = folder.slice(0, -"/node_modules".length);
  }
}
