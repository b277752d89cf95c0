import { dirname, join, relative, sep } from "node:path";

import { findFiles, isPattern } from "../engine/files/find-files.ts";
import { modulePath } from "../engine/manifests/module-path.ts";
import { DEFAULT_BASELINE } from "../evidence/baseline.ts";
import type { Blueprint, StepBlueprint } from "../pipeline/blueprint.ts";
import type { ProjectPlace } from "./find-project.ts";
import { repositoryFolder } from "./read-checkout.ts";

/** On which files a pipeline depends. Plain data: the process that runs it tells the one that watches. */
export interface WatchRules {
  /** Patterns of inputs relative to the project, a list for each step, as the step declares them. */
  readonly inputs: readonly (readonly string[])[];
  /** Patterns and paths of outputs: what the run itself writes. */
  readonly outputs: readonly string[];
  /** Absolute paths: the definition, what it imports, modules of function steps, the lock file, the baseline. */
  readonly files: readonly string[];
  /** True: a step declares no inputs, so any file may matter to it. */
  readonly hasUndeclared: boolean;
}

/** What is watched until a definition loads: anything. */
export const ANYTHING: WatchRules = { inputs: [], outputs: [], files: [], hasUndeclared: true };

/** What the pipeline depends on. Imports that can't be followed are left out: the definition's own error tells of them. */
export async function watchRules(place: ProjectPlace, blueprint: Blueprint, pipeline: string): Promise<WatchRules> {
  const chosen = blueprint.pipelines[pipeline];
  const steps = [...(chosen?.stages.flatMap((stage) => stage.steps) ?? []), ...(chosen?.finally ?? [])];
  const modules = steps.flatMap((step) => ownModule(step, place));
  const files = await Promise.all([place.configPath, ...modules].map((path) => closureOf(path, place.folder)));
  // Findings are judged by it, although no step has it as input.
  const baseline = steps.some((step) => step.evidence.length > 0)
    ? [join(place.folder, blueprint.quality?.baseline ?? DEFAULT_BASELINE)]
    : [];
  const tasks = steps.filter((step) => step.action.kind !== "effect");
  const lists = new Map(tasks.flatMap(({ inputs }) => (inputs === null ? [] : [[JSON.stringify(inputs), inputs]])));
  return {
    inputs: [...lists.values()].map((patterns) => patterns.map(withoutMatrix)),
    outputs: [...new Set(steps.flatMap((step) => Object.values(step.outputs).map(withoutMatrix)))],
    files: [...new Set([...files.flat(), join(repositoryFolder(place.folder), "package-lock.json"), ...baseline])],
    hasUndeclared: tasks.some(({ inputs }) => inputs === null),
  };
}

/** The folders to watch, those outside the project too. */
export function watchedFolders(
  place: ProjectPlace,
  rules: WatchRules,
): { readonly deep: string[]; readonly flat: string[] } {
  const outside = rules.inputs.flat().filter((pattern) => pattern.startsWith("../"));
  const bases = outside.map((pattern) => {
    const parts = pattern.split("/");
    const first = parts.findIndex(isPattern);
    return join(place.folder, ...(first < 0 ? parts.slice(0, -1) : parts.slice(0, first)));
  });
  return { deep: [place.folder, ...bases], flat: rules.files.map((path) => dirname(path)) };
}

/** Decides which changed paths are reason to run again. */
export class WatchedInputs {
  readonly #folder: string;
  readonly #rules: WatchRules;
  readonly #files: ReadonlySet<string>;
  /** Inputs as they were found last, relative to the project. */
  #known: ReadonlySet<string> = new Set();

  constructor(folder: string, rules: WatchRules) {
    this.#folder = folder;
    this.#rules = rules;
    this.#files = new Set(rules.files);
  }

  /** Looks up the inputs anew, so that a file that goes is known as one. */
  async refresh(): Promise<void> {
    const found = await Promise.all(this.#rules.inputs.map((patterns) => findFiles(this.#folder, patterns)));
    this.#known = new Set(found.flat());
  }

  /**
   * Those of `paths` (absolute) that matter, relative to the project. With `isRunning` a file counts only when it is
   * declared: otherwise each run would follow from what the one before it wrote.
   */
  async relevant(paths: ReadonlySet<string>, options: { readonly isRunning: boolean }): Promise<readonly string[]> {
    const before = this.#known;
    const names = [...paths].map((path) => [path, relative(this.#folder, path).split(sep).join("/")] as const);
    const candidates = names.filter(([, name]) => !this.#isOutput(name));
    if (candidates.length === 0) return [];
    await this.refresh();
    const isDeclared = (path: string, name: string): boolean =>
      this.#files.has(path) || before.has(name) || this.#known.has(name);
    const isAny = this.#rules.hasUndeclared && !options.isRunning;
    return candidates
      .filter(([path, name]) => isDeclared(path, name) || (isAny && !name.startsWith("../")))
      .map(([, name]) => name);
  }

  #isOutput(name: string): boolean {
    return this.#rules.outputs.some((output) => {
      const own = output.replace(/^\.\//u, "").replace(/\/$/u, "");
      if (name === own || name.startsWith(`${own}/`)) return true;
      return isPattern(own) && matchesPattern(name, own);
    });
  }
}

/** As `path.matchesGlob`, but `*` also stands for names that begin with a dot. */
function matchesPattern(name: string, pattern: string): boolean {
  return process.getBuiltinModule("node:path").posix.matchesGlob(withoutDots(name), withoutDots(pattern));
}

function withoutDots(path: string): string {
  return path.replaceAll(/(^|\/)\./gu, "$1_");
}

function ownModule(step: StepBlueprint, place: ProjectPlace): string[] {
  const { action } = step;
  if (action.kind === "command" || !action.module.startsWith("./")) return [];
  return [modulePath(action.module, place.folder)];
}

async function closureOf(path: string, folder: string): Promise<string[]> {
  try {
    const { importClosure } = await import("../engine/manifests/import-closure.ts");
    const closure = await importClosure(path, folder);
    return Object.keys(closure.modules).map((name) => join(folder, name));
  } catch {
    return [path];
  }
}

/** A pattern for all combinations of the step's matrix. */
function withoutMatrix(pattern: string): string {
  return pattern.replaceAll(/\{matrix\.[^}]*\}/gu, "*");
}
