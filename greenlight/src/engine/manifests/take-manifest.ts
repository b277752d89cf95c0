import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { digestText } from "../../base/file-digest.ts";
import { canonicalJson } from "../../base/json.ts";
import type { Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { PlannedStep } from "../../pipeline/plan.ts";
import type { EngineContext } from "../engine-context.ts";
import { digestInputs } from "../files/input-files.ts";
import { runtimeFacts } from "../runtimes/step-runtime.ts";
import { digestEnvironment } from "../steps/step-environment.ts";
import type { StepResult } from "../steps/step-result.ts";
import { toolFacts } from "../tools/tool-facts.ts";
import type { ImportClosure } from "./import-closure.ts";
import { lockedPackages } from "./locked-packages.ts";
import { manifestDigest, type Manifest, type ManifestNeed } from "./manifest.ts";
import { modulePath } from "./module-path.ts";

export interface TakenManifest {
  readonly manifest: Manifest;
  readonly digest: string;
  /** Why the result may not be cached; null when it may. */
  readonly uncacheable: string | null;
}

/** What the context must hold for taking manifests: less than a run needs, so that `plan` and `why` can use it. */
export type ManifestContext = Pick<
  EngineContext,
  "projectFolder" | "repositoryFolder" | "index" | "tree" | "environmentVariables"
>;

/** Reads the state of everything that the step depends on, now. */
export async function takeManifest(
  step: PlannedStep,
  needs: Readonly<Record<string, StepResult>>,
  context: ManifestContext,
): Promise<Result<TakenManifest, readonly Problem[]>> {
  const inputs = await digestInputs(
    {
      folder: context.projectFolder,
      repository: context.repositoryFolder,
      index: context.index,
      tree: context.tree,
      place: step.name,
    },
    step.inputs ?? [],
  );
  if (!inputs.ok) return err(inputs.error);
  const packages = await lockedPackages(context.projectFolder, step.packages, context.index);
  const code = step.action.kind === "command" ? null : await moduleCode(step.action.module, context);
  const tool = await toolFacts(step, context);
  const manifest: Manifest = {
    schema: 1,
    platform: `${process.platform}-${process.arch}`,
    runtime: process.versions.node,
    action: step.action.kind === "command" ? step.action.command : { ...step.action },
    variables: step.variables,
    secrets: step.secrets,
    env: digestEnvironment(step.env, context.environmentVariables),
    inputs: inputs.value,
    modules: code?.modules ?? {},
    packages: { ...packages, ...code?.packages, ...tool?.packages, ...(await runtimeFacts(step, context)) },
    outputs: step.outputs,
    needs: Object.fromEntries(Object.entries(needs).map(([alias, need]) => [alias, manifestNeed(need)])),
  };
  return ok({
    manifest,
    digest: manifestDigest(manifest),
    uncacheable:
      whyUncacheable(step, code === null ? packages : packages && code.packages, code?.computed ?? []) ??
      tool?.unknown ??
      null,
  });
}

function whyUncacheable(step: PlannedStep, packages: object | null, computed: readonly string[]): string | null {
  if (step.action.kind === "effect") return "it touches the world";
  if (step.inputs === null) return "it declares no inputs";
  if (packages === null) return "there is no package-lock.json to tell its packages";
  if (computed.length > 0) return `${computed[0]} imports what can't be known before`;
  return null;
}

async function moduleCode(
  specifier: string,
  context: ManifestContext,
): Promise<{
  readonly modules: Readonly<Record<string, string>>;
  /** Null: they can't be known. */
  readonly packages: Readonly<Record<string, string>> | null;
  readonly computed: readonly string[];
}> {
  const path = modulePath(specifier, context.projectFolder);
  const isOwn = specifier.startsWith("greenlight/");
  const closure = isOwn
    ? await ownClosure(path)
    : await (await import("./import-closure.ts")).importClosure(path, context.projectFolder);
  const packages: Record<string, string> = {};
  const computed = [...closure.computed];
  for (const name of closure.packages) {
    const version = await installedVersion(name, path);
    // Its own package by name, or one found in a way that is not known here.
    if (version === null) computed.push(isOwn ? specifier : relative(context.projectFolder, path));
    packages[name] = version ?? "not installed";
  }
  if (isOwn || closure.packages.length === 0) return { modules: { ...closure.modules }, packages, computed };
  // What the packages need in turn is part of what runs.
  const locked = await lockedPackages(context.projectFolder, closure.packages, context.index);
  for (const [name, entry] of Object.entries(locked ?? {})) {
    const installed = packages[name];
    packages[name] =
      installed === undefined || entry.startsWith(installed) ? entry : `${entry}, installed ${installed}`;
  }
  return { modules: { ...closure.modules }, packages: locked === null ? null : packages, computed };
}

/** What the build wrote down of a module of Greenlight's own; it is named from `dist`, so that a manifest holds no path of a machine. */
async function ownClosure(path: string): Promise<ImportClosure> {
  const [home = "", name = ""] = path.split(/[/\\]dist[/\\](?!.*[/\\]dist[/\\])/u);
  const closures = JSON.parse(await readFile(join(home, "dist", "closures.json"), "utf8")) as Record<
    string,
    ImportClosure
  >;
  const closure = closures[name.replaceAll("\\", "/")];
  if (closure === undefined) throw new Error(`the build does not know ${name}`);
  return closure;
}

/** The version that a module at `from` gets when it imports the package; null when it is not found. */
async function installedVersion(name: string, from: string): Promise<string | null> {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const text = await readFile(join(folder, "node_modules", name, "package.json"), "utf8").catch(() => null);
    if (text !== null) return String((JSON.parse(text) as { version?: unknown }).version ?? "unknown");
    if (dirname(folder) === folder) return null;
  }
}

function manifestNeed(need: StepResult): ManifestNeed {
  const outputs: Record<string, string> = { ...need.outputDigests };
  if (Object.keys(need.facts).length > 0) outputs["facts"] = digestText(canonicalJson(need.facts));
  return { step: need.step, outputs };
}
