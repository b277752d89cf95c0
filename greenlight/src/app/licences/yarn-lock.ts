import { parse } from "yaml";
import { z } from "zod";

import { workspaceId, type LockedNeed, type LockedNode, type LockGraph } from "./lock-graph.ts";

const RANGES = z.record(z.string(), z.string()).nullish();
const ENTRY = z.object({
  version: z.union([z.string(), z.number()]).transform(String),
  resolution: z.string().optional(),
  dependencies: RANGES,
  optionalDependencies: RANGES,
  dependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().optional() })).nullish(),
});
type Entry = z.infer<typeof ENTRY>;

/** What a workspace's package.json asks for. */
export interface YarnWorkspace {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/**
 * `yarn.lock` of version 1 and of berry (2 and later). What the project itself asks for stands there only in part, so
 * `workspaces` says it: folder, relative to the lock file → its package.json. Throws when it is no such file.
 */
export function readYarnLock(text: string, workspaces: ReadonlyMap<string, YarnWorkspace>): LockGraph {
  const entries = /^__metadata:/mu.test(text) ? berryEntries(text) : classicEntries(text);
  const folders = new Map([...workspaces].map(([folder, { name }]) => [name, folder]));
  const byDescriptor = new Map<string, string>();
  const byName = new Map<string, string[]>();
  for (const key of entries.keys()) {
    for (const descriptor of key.split(/,\s*/u)) {
      byDescriptor.set(descriptor, key);
      const name = descriptor.slice(0, descriptor.indexOf("@", 1));
      byName.set(name, [...new Set([...(byName.get(name) ?? []), key])]);
    }
  }
  const idsOf = (name: string, range: string): readonly (string | null)[] => {
    const folder = folders.get(name);
    const exact = byDescriptor.get(`${name}@${range}`) ?? byDescriptor.get(`${name}@npm:${range}`);
    if (folder !== undefined && (exact === undefined || exact.includes("@workspace:"))) return [workspaceId(folder)];
    // `resolutions` take the place of a range: then every version that is locked counts.
    return exact === undefined ? (byName.get(name) ?? [null]) : [exact];
  };
  const needsOf = (
    ranges: Readonly<Record<string, string>>,
    kind: (name: string) => LockedNeed["kind"],
  ): LockedNeed[] =>
    Object.entries(ranges).flatMap(([alias, range]) =>
      idsOf(alias, range).map((id) => ({ alias, id, kind: kind(alias) })),
    );
  const graph = new Map<string, LockedNode>();
  for (const [key, entry] of entries) {
    const { version, dependencies, optionalDependencies, dependenciesMeta } = entry;
    const kind = (name: string) => (dependenciesMeta?.[name]?.optional === true ? "optional" : "production");
    const needs = [
      ...needsOf(dependencies ?? {}, kind),
      ...needsOf(optionalDependencies ?? {}, () => "optional" as const),
    ];
    graph.set(key, { name: key.slice(0, key.indexOf("@", 1)), version, workspace: null, needs });
  }
  for (const [folder, { name, ...asked }] of workspaces) {
    const needs = [
      ...needsOf(asked.dependencies, () => "production" as const),
      ...needsOf(asked.optionalDependencies, () => "optional" as const),
      ...needsOf(asked.devDependencies, () => "development" as const),
    ];
    graph.set(workspaceId(folder), { name, version: "", workspace: folder, needs });
  }
  return graph;
}

function berryEntries(text: string): ReadonlyMap<string, Entry> {
  const { __metadata: _head, ...entries } = z.record(z.string(), z.unknown()).parse(parse(text, { maxAliasCount: 0 }));
  return new Map(Object.entries(entries).map(([key, value]) => [key, ENTRY.parse(value)]));
}

/** Version 1 looks like YAML and is none: a member is a name, a space and a value. */
function classicEntries(text: string): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  const lines = text.split(/\r?\n/u).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  let draft: Record<string, unknown> = {};
  let list: Record<string, string> | null = null;
  let key: string | null = null;
  const close = (): void => {
    if (key !== null) entries.set(key, ENTRY.parse(draft));
  };
  for (const line of lines) {
    const depth = line.length - line.trimStart().length;
    const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s",:]+(?::[^\s",:]+)*)/gu)].map(
      ([, quoted, plain]) => quoted ?? plain ?? "",
    );
    const [first = "", second] = words;
    if (depth === 0) {
      close();
      key = words.join(", ");
      draft = {};
      list = null;
    } else if (depth === 2 && second === undefined && line.endsWith(":")) {
      list = {};
      draft[first] = list;
    } else if (depth === 2) draft[first] = second;
    else if (list !== null && second !== undefined) list[first] = second;
  }
  close();
  return entries;
}
