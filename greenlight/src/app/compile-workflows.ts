import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

import { writeDurably } from "../base/durable-file.ts";
import { problem, ProblemError, type Problem } from "../base/problem.ts";
import { MAX_WORKFLOW_BYTES } from "../compilers/github-actions/check-limits.ts";
import type { Checkout } from "../compilers/github-actions/checkout.ts";
import { compilePipeline } from "../compilers/github-actions/compile-pipeline.ts";
import { compiledMark, renderWorkflow } from "../compilers/github-actions/render-workflow.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import type { ProjectPlace } from "./find-project.ts";
import { repositoryFolder } from "./read-checkout.ts";

/** Relative to the repository. */
const FOLDER = ".github/workflows";
/** Pipelines whose workflows have names that people know; any other is in a file of its own name. */
const FILE_NAMES: Readonly<Record<string, string>> = { delivery: "ci-cd", "pull-request": "code-quality" };
const MAX_FILES = 1000;

/** A compiled workflow beside the file that is there. */
export interface CompiledWorkflow {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  /** Null for a file that no pipeline stands behind any more. */
  readonly pipeline: string | null;
  readonly state: "same" | "different" | "missing" | "stale";
  /** The first line that differs; null when the file is missing, stale or the same. */
  readonly difference: { readonly line: number; readonly found: string; readonly expected: string } | null;
}

/**
 * Compiles every pipeline and says how the files on disk compare. With `write`, those that differ are replaced whole and
 * those whose pipeline is gone are removed. Throws a ProblemError for what can't be compiled, and for a
 * file of that name that somebody else wrote.
 */
export async function compileWorkflows(
  place: ProjectPlace,
  blueprint: Blueprint,
  options: { readonly write: boolean },
): Promise<readonly CompiledWorkflow[]> {
  const repository = repositoryFolder(place.folder);
  const source = slashed(relative(repository, place.configPath));
  const texts = compileTexts(blueprint, { checkout: readCheckout(place.folder, repository), source });
  const found: CompiledWorkflow[] = [];
  for (const [path, { pipeline, text }] of texts)
    found.push(await compare(repository, { path, pipeline, text, source }));
  for (const path of await staleFiles(repository, source, texts)) {
    found.push({ path, pipeline: null, state: "stale", difference: null });
  }
  if (!options.write) return found;
  for (const { path, state } of found) {
    const target = join(repository, path);
    if (state === "stale") await rm(target, { force: true });
    if (state !== "different" && state !== "missing") continue;
    await mkdir(dirname(target), { recursive: true });
    await writeDurably(target, texts.get(path)?.text ?? "", 0o644);
  }
  return found;
}

type Texts = ReadonlyMap<string, { readonly pipeline: string; readonly text: string }>;

function compileTexts(blueprint: Blueprint, how: { readonly checkout: Checkout; readonly source: string }): Texts {
  const texts = new Map<string, { pipeline: string; text: string }>();
  const problems: Problem[] = [];
  for (const pipeline of Object.values(blueprint.pipelines)) {
    const path = `${FOLDER}/${FILE_NAMES[pipeline.name] ?? pipeline.name}.yml`;
    const compiled = compilePipeline(blueprint, pipeline, how.checkout);
    if (!compiled.ok) {
      problems.push(...compiled.error);
      continue;
    }
    const text = renderWorkflow(compiled.value, how.source);
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_WORKFLOW_BYTES) {
      const message = `comes to a workflow of ${bytes} bytes; GitHub starts none above ${MAX_WORKFLOW_BYTES}`;
      problems.push(problem("COMPILE_WORKFLOW_TOO_LARGE", { place: `pipelines.${pipeline.name}`, message }));
    }
    const other = texts.get(path);
    if (other !== undefined) {
      const message = `compiles to ${path}, as "${other.pipeline}" does`;
      const remedy = "give one of the two pipelines another name";
      problems.push(problem("COMPILE_UNSUPPORTED", { place: `pipelines.${pipeline.name}`, message, remedy }));
    }
    texts.set(path, { pipeline: pipeline.name, text });
  }
  if (problems.length > 0) throw new ProblemError(problems);
  return texts;
}

async function compare(
  repository: string,
  wanted: { readonly path: string; readonly pipeline: string; readonly text: string; readonly source: string },
): Promise<CompiledWorkflow> {
  const { path, pipeline } = wanted;
  const text = await readFile(join(repository, path), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new ProblemError([problem("STORE_UNREADABLE", { place: path, message: error.message })], { cause: error });
  });
  if (text === null) return { path, pipeline, state: "missing", difference: null };
  if (!text.startsWith(compiledMark(wanted.source))) {
    const message = `was not compiled from ${wanted.source}`;
    throw new ProblemError([problem("COMPILE_FOREIGN_FILE", { place: path, message })]);
  }
  // A checkout on Windows may have changed the ends of the lines.
  const found = text.replaceAll("\r\n", "\n").split("\n");
  const expected = wanted.text.split("\n");
  const index = expected.findIndex((line, at) => line !== found[at]);
  const at = index < 0 && found.length > expected.length ? expected.length : index;
  if (at < 0) return { path, pipeline, state: "same", difference: null };
  const difference = { line: at + 1, found: found[at] ?? "", expected: expected[at] ?? "" };
  return { path, pipeline, state: "different", difference };
}

/** Files that an earlier definition at the same place was compiled to. */
async function staleFiles(repository: string, source: string, texts: Texts): Promise<readonly string[]> {
  const names = await readdir(join(repository, FOLDER)).catch(() => []);
  const stale: string[] = [];
  for (const name of names.slice(0, MAX_FILES)) {
    const path = `${FOLDER}/${name}`;
    if (!name.endsWith(".yml") || texts.has(path)) continue;
    const text = await readFile(join(repository, path), "utf8").catch(() => "");
    if (text.startsWith(compiledMark(source))) stale.push(path);
  }
  return stale;
}

/** Where packages are installed: the nearest folder with a lock file, from the project upward to the repository. */
function readCheckout(project: string, repository: string): Checkout {
  for (let folder = project; ; folder = dirname(folder)) {
    const path = join(folder, "package-lock.json");
    if (existsSync(path)) {
      return {
        installFolder: slashed(relative(repository, folder)) || ".",
        project: slashed(relative(folder, project)) || ".",
        install: isOwnRepository(path) ? "npm run build" : "npm ci",
      };
    }
    if (folder === repository || dirname(folder) === folder) break;
  }
  const message = "there is no package-lock.json here or above, so a job could not install what the pipeline needs";
  throw new ProblemError([problem("COMPILE_NO_LOCK", { place: project, message })]);
}

/** True where Greenlight is a workspace: it has to be built there, and its build installs the packages first. */
function isOwnRepository(lockPath: string): boolean {
  try {
    const lock = JSON.parse(readFileSync(lockPath, "utf8")) as {
      packages?: Readonly<Record<string, { link?: boolean }>>;
    };
    return lock.packages?.["node_modules/greenlight"]?.link === true;
  } catch {
    return false;
  }
}

function slashed(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}
