import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

import { lockClosure, type PackageLock } from "../../base/lock-closure.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import { findFiles } from "../../engine/files/find-files.ts";
import { findLockFile } from "../../engine/manifests/locked-packages.ts";
import type { NodeArguments } from "./bundle-arguments.ts";
import { filesBelow, type Candidate, type ServiceParts } from "./service-parts.ts";

/** Built files, production packages, pruned lock and the Node binary. `workFolder` gets what is made on the way. */
export async function nodeParts(args: NodeArguments, folder: string, workFolder: string): Promise<ServiceParts> {
  const lockPath = findLockFile(folder);
  if (lockPath === null) {
    throw new ProblemError([
      problem("RELEASE_INCOMPLETE", {
        place: folder,
        message: "there is no package-lock.json",
        remedy: "run `npm install` once and commit the lock file",
      }),
    ]);
  }
  const root = dirname(lockPath);
  const workspace = relative(root, folder).split(sep).join("/");
  const home = workspace === "" ? "app" : `app/${workspace}`;
  const lock = JSON.parse(await readFile(lockPath, "utf8")) as PackageLock;
  const places = lockClosure(lock, workspace, { includesDevelopment: false });
  const pruned = {
    lockfileVersion: 3,
    packages: Object.fromEntries(places.map((place) => [place, lock.packages[place]])),
  };
  const prunedPath = join(workFolder, "package-lock.json");
  await writeFile(prunedPath, `${JSON.stringify(pruned, null, 2)}\n`);
  return {
    candidates: [
      { path: "runtime/node", source: process.execPath, part: "runtime" },
      { path: "app/package-lock.json", source: prunedPath, part: "packages" },
      ...(await findFiles(folder, args.files)).map((file) => ({
        path: `${home}/${file}`,
        source: join(folder, file),
        part: "service",
      })),
      ...(await packageFiles(root, places)),
    ],
    start: { command: "runtime/node", arguments: [args.entry], folder: home },
    entry: { path: `${home}/${args.entry}`, name: args.entry },
  };
}

/** Every file of the packages, without what is nested below them: nested packages are places of their own. */
async function packageFiles(root: string, places: readonly string[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const place of places) {
    const folder = join(root, place);
    // An optional package of another platform stands in the lock, but not on the disk.
    if (
      await stat(folder).then(
        (stats) => stats.isDirectory(),
        () => false,
      )
    )
      found.push(...(await filesBelow(folder, `app/${place}`, isNotShipped)));
  }
  return found;
}

/** Nested packages, and type declarations and source maps: no program reads those at run time, and they are a quarter of all files. */
function isNotShipped({ name, isFolder }: { readonly name: string; readonly isFolder: boolean }): boolean {
  return name === "node_modules" || name === ".bin" || (!isFolder && /\.(d\.[cm]?ts|map)$/u.test(name));
}
