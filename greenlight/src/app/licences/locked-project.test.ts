import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { findLock, lockedProject } from "./locked-project.ts";
import { readPnpmLock } from "./pnpm-lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "greenlight-locked-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, content: string | object): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
}

async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await symlink(target, join(folder, path));
}

/** Packages as they are installed: place → version. */
async function install(places: Readonly<Record<string, string>>): Promise<void> {
  for (const [place, version] of Object.entries(places)) {
    const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
    await write(`${place}/package.json`, { name, version, license: "MIT" });
  }
}

/** What a project with two workspaces has: `a` needs `b`, both need packages, and what `fsevents` is for is not this platform. */
async function workspaces(range: string): Promise<void> {
  const root = { dependencies: { debug: "4.3.4", ms: "2.0.0" }, devDependencies: { isexe: "2.0.0" } };
  await write("package.json", { name: "root", workspaces: ["packages/*"], ...root });
  const a = { dependencies: { which: "4.0.0", b: range }, optionalDependencies: { fsevents: "2.3.3" } };
  await write("packages/a/package.json", { name: "a", ...a });
  const b = { dependencies: { "@jridgewell/x": "1.0.0" }, devDependencies: { "left-pad": "1.3.0" } };
  await write("packages/b/package.json", { name: "b", ...b });
}

const FLAT = {
  "node_modules/debug": "4.3.4",
  "node_modules/ms": "2.0.0",
  "node_modules/debug/node_modules/ms": "2.1.2",
  "node_modules/isexe": "2.0.0",
  "node_modules/which": "4.0.0",
  "node_modules/which/node_modules/isexe": "3.1.5",
  "node_modules/@jridgewell/x": "1.0.0",
  "node_modules/left-pad": "1.3.0",
};

const PNPM_LOCK = `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      debug: {specifier: 4.3.4, version: 4.3.4(supports-color@5.0.0)}
      ms: {specifier: 2.0.0, version: 2.0.0}
    devDependencies:
      isexe: {specifier: 2.0.0, version: 2.0.0}
  packages/a:
    dependencies:
      b: {specifier: 'workspace:*', version: 'link:../b'}
      which: {specifier: 4.0.0, version: 4.0.0}
    optionalDependencies:
      fsevents: {specifier: 2.3.3, version: 2.3.3}
  packages/b:
    dependencies:
      '@jridgewell/x': {specifier: 1.0.0, version: 1.0.0}
    devDependencies:
      left-pad: {specifier: 1.3.0, version: 1.3.0}
packages:
  debug@4.3.4: {resolution: {integrity: sha512-x}}
snapshots:
  '@jridgewell/x@1.0.0': {}
  debug@4.3.4(supports-color@5.0.0):
    dependencies: {ms: 2.1.2}
  fsevents@2.3.3: {optional: true}
  isexe@2.0.0: {}
  isexe@3.1.5: {}
  left-pad@1.3.0: {}
  ms@2.0.0: {}
  ms@2.1.2: {}
  which@4.0.0:
    dependencies: {isexe: 3.1.5}
`;

function store(entry: string, name: string): string {
  return `node_modules/.pnpm/${entry}/node_modules/${name}`;
}

async function installByPnpm(): Promise<void> {
  await install({
    [store("debug@4.3.4_supports-color@5.0.0", "debug")]: "4.3.4",
    [store("ms@2.0.0", "ms")]: "2.0.0",
    [store("ms@2.1.2", "ms")]: "2.1.2",
    [store("isexe@2.0.0", "isexe")]: "2.0.0",
    [store("isexe@3.1.5", "isexe")]: "3.1.5",
    [store("which@4.0.0", "which")]: "4.0.0",
    [store("@jridgewell+x@1.0.0", "@jridgewell/x")]: "1.0.0",
    [store("left-pad@1.3.0", "left-pad")]: "1.3.0",
  });
  await link(store("debug@4.3.4_supports-color@5.0.0", "ms"), "../../ms@2.1.2/node_modules/ms");
  await link(store("which@4.0.0", "isexe"), "../../isexe@3.1.5/node_modules/isexe");
  await link("node_modules/debug", ".pnpm/debug@4.3.4_supports-color@5.0.0/node_modules/debug");
  await link("node_modules/ms", ".pnpm/ms@2.0.0/node_modules/ms");
  await link("node_modules/isexe", ".pnpm/isexe@2.0.0/node_modules/isexe");
  await link("packages/a/node_modules/which", "../../../node_modules/.pnpm/which@4.0.0/node_modules/which");
  await link("packages/a/node_modules/b", "../../b");
  const scoped = "../../../../node_modules/.pnpm/@jridgewell+x@1.0.0/node_modules/@jridgewell/x";
  await link("packages/b/node_modules/@jridgewell/x", scoped);
  await link("packages/b/node_modules/left-pad", "../../../node_modules/.pnpm/left-pad@1.3.0/node_modules/left-pad");
}

const CLASSIC_LOCK = `# yarn lockfile v1


"@jridgewell/x@1.0.0":
  version "1.0.0"
  integrity sha512-x

debug@4.3.4, debug@^4.0.0:
  version "4.3.4"
  dependencies:
    ms "2.1.2"

fsevents@2.3.3:
  version "2.3.3"

isexe@2.0.0:
  version "2.0.0"

isexe@^3.1.1:
  version "3.1.5"

left-pad@1.3.0:
  version "1.3.0"

ms@2.0.0:
  version "2.0.0"

ms@2.1.2:
  version "2.1.2"

which@4.0.0:
  version "4.0.0"
  dependencies:
    isexe "^3.1.1"
`;

const BERRY_LOCK = `# This file is generated by running "yarn install" inside your project.
__metadata:
  version: 8
  cacheKey: 10c0
${[
  ["@jridgewell/x", "1.0.0"],
  ["fsevents", "2.3.3"],
  ["isexe", "2.0.0"],
  ["left-pad", "1.3.0"],
  ["ms", "2.0.0"],
  ["ms", "2.1.2"],
]
  .map(([name, version]) => `"${name}@npm:${version}":\n  version: ${version}\n  linkType: hard\n`)
  .join("")}"debug@npm:4.3.4, debug@npm:^4.0.0":
  version: 4.3.4
  dependencies:
    ms: "npm:2.1.2"
"isexe@npm:^3.1.1":
  version: 3.1.5
"which@npm:4.0.0":
  version: 4.0.0
  dependencies:
    isexe: "npm:^3.1.1"
"b@workspace:*, b@workspace:packages/b":
  version: 0.0.0-use.local
  resolution: "b@workspace:packages/b"
"root@workspace:.":
  version: 0.0.0-use.local
`;

const MANAGERS = [
  ["pnpm", "pnpm-lock.yaml", PNPM_LOCK, "workspace:*", installByPnpm],
  ["yarn 1", "yarn.lock", CLASSIC_LOCK, "1.0.0", () => install(FLAT)],
  ["yarn 4", "yarn.lock", BERRY_LOCK, "workspace:*", () => install(FLAT)],
] as const;

describe.each(MANAGERS)("of a monorepo of %s", (_manager, name, text, range, installAll) => {
  /** Names and versions of what is found for a folder. */
  async function found(place: string, includesDevelopment = false) {
    const { manifests, missing } = await lockedProject(join(folder, name), join(folder, place), includesDevelopment);
    return { packages: manifests.map((each) => `${each.name} ${each.version}`).toSorted(), missing };
  }

  beforeEach(async () => {
    await workspaces(range);
    await write(name, text);
    await installAll();
  });

  test("the root has the packages of all workspaces, each version once, and what is optional is not missed", async () => {
    const production = ["@jridgewell/x 1.0.0", "debug 4.3.4", "isexe 3.1.5", "ms 2.0.0", "ms 2.1.2", "which 4.0.0"];
    expect(await found("")).toEqual({ packages: production, missing: [] });
    const all = [...production, "isexe 2.0.0", "left-pad 1.3.0"].toSorted();
    expect(await found("", true)).toEqual({ packages: all, missing: [] });
  });

  test("a workspace has its own, and those of workspaces that it uses, without what only these develop with", async () => {
    const own = ["@jridgewell/x 1.0.0", "isexe 3.1.5", "which 4.0.0"];
    expect((await found("packages/a")).packages).toEqual(own);
    expect((await found("packages/a", true)).packages).toEqual(own);
    expect((await found("packages/b", true)).packages).toEqual(["@jridgewell/x 1.0.0", "left-pad 1.3.0"]);
  });

  test("what is locked and not installed, or in another version, is named", async () => {
    await rm(join(folder, name === "pnpm-lock.yaml" ? "packages/a/node_modules/which" : "node_modules/which"), {
      recursive: true,
    });
    await install({ "node_modules/debug": "4.0.0" });
    const { missing } = await found("");
    expect(missing).toContain("which 4.0.0");
    expect(missing).toContain("debug 4.3.4");
  });
});

function nodesOf(text: string) {
  return [...readPnpmLock(text)].map(([id, { name, version, needs }]) => [
    id,
    name,
    version,
    needs.map((each) => each.id),
  ]);
}

test("older forms of pnpm's lock name the same packages", () => {
  const five = `lockfileVersion: 5.4
specifiers: {'@s/a': 1.0.0}
dependencies: {'@s/a': 1.0.0_c@2.0.0}
packages:
  /@s/a/1.0.0_c@2.0.0: {dependencies: {c: 2.0.0, d: /c/2.0.0}}
  /c/2.0.0: {dev: false}
`;
  expect(nodesOf(five)).toEqual([
    ["/@s/a/1.0.0_c@2.0.0", "@s/a", "1.0.0", ["/c/2.0.0", "/c/2.0.0"]],
    ["/c/2.0.0", "c", "2.0.0", []],
    ["workspace:", "", "", ["/@s/a/1.0.0_c@2.0.0"]],
  ]);
  const six = `lockfileVersion: '6.0'
dependencies:
  '@s/a': {specifier: 1.0.0, version: 1.0.0(c@2.0.0)}
packages:
  /@s/a@1.0.0(c@2.0.0): {dependencies: {c: 2.0.0}}
  /c@2.0.0: {dev: false}
`;
  expect(nodesOf(six)).toEqual([
    ["/@s/a@1.0.0(c@2.0.0)", "@s/a", "1.0.0", ["/c@2.0.0"]],
    ["/c@2.0.0", "c", "2.0.0", []],
    ["workspace:", "", "", ["/@s/a@1.0.0(c@2.0.0)"]],
  ]);
});

test("of two locks side by side the one that was installed from counts, and one further up where there is none", async () => {
  await write("yarn.lock", CLASSIC_LOCK);
  await write("package-lock.json", { packages: {} });
  await mkdir(join(folder, "packages/a"), { recursive: true });
  expect(findLock(join(folder, "packages/a"))).toBe(join(folder, "package-lock.json"));
  await write("node_modules/.yarn-integrity", {});
  expect(findLock(join(folder, "packages/a"))).toBe(join(folder, "yarn.lock"));
});

const MANY = `a: &a [x, x]\nb: &b [*a, *a]\nlockfileVersion: *b\n`;

test.each([
  ["pnpm-lock.yaml", ""],
  ["pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: 7\n"],
  ["pnpm-lock.yaml", MANY],
  ["pnpm-lock.yaml", "<<<<<<< HEAD\nlockfileVersion: 9\n"],
  ["yarn.lock", "__metadata:\n  version: 8\nx: [\n"],
  ["yarn.lock", "a@1:\n  integrity x\n"],
  ["package-lock.json", "{"],
  ["package-lock.json", '{"lockfileVersion": 1, "dependencies": {}}'],
])("a %s that is damaged is refused: %j", async (name, text) => {
  await write("package.json", {});
  await write(name, text);
  await expect(lockedProject(join(folder, name), folder, false)).rejects.toThrow("LICENCES_UNREADABLE");
});
