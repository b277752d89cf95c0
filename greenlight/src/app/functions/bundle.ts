import { stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";

import { digestFile } from "../../base/file-digest.ts";
import { canonicalJson, type Json } from "../../base/json.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import { forEachLimited } from "../../engine/files/input-files.ts";
import type { FunctionContext, FunctionResult } from "../../engine/steps/function-step.ts";
import type { ReleaseEvidence } from "../../evidence/evidence.ts";
import type { ReleaseFile, ReleaseManifest } from "../../release/manifest.ts";
import { releaseDigest, releaseId } from "../../release/release-digest.ts";
import { BUNDLE_ARGUMENTS, type BundleArguments } from "../bundling/bundle-arguments.ts";
import type { Candidate, ServiceParts } from "../bundling/service-parts.ts";

/**
 * Assembles a service into a release: its runtime or what starts it, its own files, its locked packages and its model,
 * each by digest. Writes the outputs `release` (the manifest) and `report` (evidence); the files go to the store.
 */
export async function bundle(rawArgs: Json, context: FunctionContext): Promise<FunctionResult> {
  const args = BUNDLE_ARGUMENTS.parse(rawArgs);
  const parts = await partsOf(args, context);
  const candidates: Candidate[] = [...parts.candidates];
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
  if (!files.some((file) => file.path === parts.entry.path)) {
    throw new ProblemError([
      problem("RELEASE_INCOMPLETE", {
        place: parts.entry.name,
        message: "the service's entry is not among the bundled files",
      }),
    ]);
  }
  const manifest: ReleaseManifest = {
    schema: 1,
    name: context.project.name,
    platform: `${process.platform}-${process.arch}`,
    start: { ...parts.start, readyPath: args.readyPath, healthPath: args.healthPath },
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

/** Loaded when it is wanted: most projects have one language. */
async function partsOf(args: BundleArguments, context: FunctionContext): Promise<ServiceParts> {
  const workFolder = dirname(requireOutput(context, "release"));
  if (args.runtime === "python") {
    return (await import("../bundling/python-parts.ts")).pythonParts(args, context, workFolder);
  }
  return (await import("../bundling/node-parts.ts")).nodeParts(args, context.project.folder, workFolder);
}

function modelCandidate(model: BundleArguments["model"], context: FunctionContext): Candidate | null {
  if (model === null) return null;
  const output = context.needs[model.need]?.outputs[model.output];
  if (output === undefined) throw new Error(`no output ${model.output} of need ${model.need}`);
  const source = model.file === null ? output : join(output, model.file);
  return { path: `model/${source.slice(source.lastIndexOf(sep) + 1)}`, source, part: "model" };
}

async function dataDigests(data: BundleArguments["data"], context: FunctionContext): Promise<Record<string, string>> {
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
