import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

import { z } from "zod";

import { digestFile } from "../../base/file-digest.ts";
import { canonicalJson, type Json } from "../../base/json.ts";
import { lockClosure, type PackageLock } from "../../base/lock-closure.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import { findFiles } from "../../engine/find-files.ts";
import type { FunctionContext, FunctionResult } from "../../engine/function-step.ts";
import { forEachLimited } from "../../engine/input-files.ts";
import { findLockFile } from "../../engine/locked-packages.ts";
import type { ReleaseEvidence } from "../../evidence/evidence.ts";
import type { ReleaseFile, ReleaseManifest } from "../../release/manifest.ts";
import { releaseDigest, releaseId } from "../../release/release-digest.ts";

const argsSchema = z.object({
  files: z.array(z.string()),
  entry: z.string(),
  readyPath: z.string(),
  healthPath: z.string(),
  model: z.object({ need: z.string(), output: z.string(), file: z.string().nullable() }).nullable(),
  data: z.record(z.string(), z.object({ need: z.string(), output: z.string() })),
  configuration: z.record(z.string(), z.record(z.string(), z.string())),
});

interface Candidate {
  /** Path in the release. */
  readonly path: string;
  readonly source: string;
  readonly part: string;
}

/**
 * Assembles a Node service into a release: built files, production packages, pruned lock, model and the Node binary,
 * each by digest. Writes the outputs `release` (the manifest) and `report` (evidence); the files go to the store.
 */
export async function bundle(rawArgs: Json, context: FunctionContext): Promise<FunctionResult> {
  const args = argsSchema.parse(rawArgs);
  const { folder } = context.project;
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
  const prunedPath = join(dirname(requireOutput(context, "release")), "package-lock.json");
  await writeFile(prunedPath, `${JSON.stringify(pruned, null, 2)}\n`);

  const candidates: Candidate[] = [
    { path: "runtime/node", source: process.execPath, part: "runtime" },
    { path: "app/package-lock.json", source: prunedPath, part: "packages" },
    ...(await findFiles(folder, args.files)).map((file) => ({
      path: `${home}/${file}`,
      source: join(folder, file),
      part: "service",
    })),
    ...(await packageFiles(root, places)),
  ];
  const model = modelCandidate(args.model, context);
  if (model !== null) candidates.push(model);

  const files: ReleaseFile[] = [];
  await forEachLimited(candidates, 16, async ({ path, source }) => {
    const stats = await stat(source);
    files.push({
      path,
      digest: await digestFile(source),
      sizeBytes: stats.size,
      isExecutable: (stats.mode & 0o111) !== 0,
    });
  });
  files.sort((left, right) => (left.path < right.path ? -1 : 1));
  const entry = `${home}/${args.entry}`;
  if (!files.some((file) => file.path === entry)) {
    throw new ProblemError([
      problem("RELEASE_INCOMPLETE", {
        place: args.entry,
        message: "the service's entry is not among the bundled files",
      }),
    ]);
  }
  const manifest: ReleaseManifest = {
    schema: 1,
    name: context.project.name,
    platform: `${process.platform}-${process.arch}`,
    start: {
      command: "runtime/node",
      arguments: [args.entry],
      folder: home,
      readyPath: args.readyPath,
      healthPath: args.healthPath,
    },
    modelPath: model?.path ?? null,
    data: await dataDigests(args.data, context),
    configuration: args.configuration,
    files,
  };
  await writeFile(requireOutput(context, "release"), `${canonicalJson(manifest)}\n`);
  await writeFile(
    requireOutput(context, "report"),
    `${JSON.stringify({ schema: 1, ...evidenceOf(manifest, candidates) }, null, 2)}\n`,
  );
  console.log(`${releaseId(manifest)}: ${files.length} files`);
  const sources = new Map(candidates.map((each) => [each.path, each.source]));
  return { references: files.map((file) => ({ path: sources.get(file.path) ?? "", digest: file.digest })) };
}

/** Every file of the packages, without what is nested below them: nested packages are places of their own. */
async function packageFiles(root: string, places: readonly string[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const walk = async (folder: string, path: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name === "node_modules" || entry.name === ".bin") continue;
      const source = join(folder, entry.name);
      if (entry.isDirectory()) await walk(source, `${path}/${entry.name}`);
      else if (entry.isFile() && !isForDevelopers(entry.name))
        found.push({ path: `${path}/${entry.name}`, source, part: "packages" });
    }
  };
  for (const place of places) {
    const folder = join(root, place);
    // An optional package of another platform stands in the lock, but not on the disk.
    if (
      await stat(folder).then(
        (stats) => stats.isDirectory(),
        () => false,
      )
    )
      await walk(folder, `app/${place}`);
  }
  return found;
}

/** Type declarations and source maps: no program reads them at run time, and they are a quarter of all files. */
function isForDevelopers(name: string): boolean {
  return /\.(d\.[cm]?ts|map)$/u.test(name);
}

function modelCandidate(model: z.infer<typeof argsSchema>["model"], context: FunctionContext): Candidate | null {
  if (model === null) return null;
  const output = context.needs[model.need]?.outputs[model.output];
  if (output === undefined) throw new Error(`no output ${model.output} of need ${model.need}`);
  const source = model.file === null ? output : join(output, model.file);
  return { path: `model/${source.slice(source.lastIndexOf(sep) + 1)}`, source, part: "model" };
}

async function dataDigests(
  data: z.infer<typeof argsSchema>["data"],
  context: FunctionContext,
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const [name, { need, output }] of Object.entries(data)) {
    const path = context.needs[need]?.outputs[output];
    if (path === undefined) throw new Error(`no output ${output} of need ${need}`);
    digests[name] = await digestFile(path);
  }
  return digests;
}

function evidenceOf(manifest: ReleaseManifest, candidates: readonly Candidate[]): ReleaseEvidence {
  const sizes = new Map(manifest.files.map((file) => [file.path, file.sizeBytes]));
  const parts = [...new Set(candidates.map((each) => each.part))].toSorted().map((name) => {
    const own = candidates.filter((each) => each.part === name);
    return { name, fileCount: own.length, sizeBytes: own.reduce((sum, each) => sum + (sizes.get(each.path) ?? 0), 0) };
  });
  return {
    kind: "release",
    releaseId: releaseId(manifest),
    digest: releaseDigest(manifest),
    fileCount: manifest.files.length,
    sizeBytes: manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0),
    parts,
  };
}

function requireOutput(context: FunctionContext, name: string): string {
  const path = context.outputs[name];
  if (path === undefined) throw new Error(`the step declares no output "${name}"`);
  return path;
}
