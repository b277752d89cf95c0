/** `yarn-classic` is version 1. */
export type NodeManager = "npm" | "pnpm" | "yarn" | "yarn-classic";
export type PythonManager = "uv" | "poetry" | "pip";

/** A part of a repository that is built and tested by itself. What a tool's member says was found in its own files. */
export interface NodeFacts {
  readonly kind: "node";
  /** Relative to the repository, with forward slashes; empty: its root. */
  readonly folder: string;
  readonly name: string | null;
  /** By the lock file; null: none is there. */
  readonly manager: NodeManager | null;
  readonly format: "oxfmt" | "prettier" | "biome" | null;
  readonly lint: "oxlint" | "eslint" | "biome" | null;
  readonly hasTypes: boolean;
  /** What tsconfig.json refers to where it holds no files itself; empty: it is the project. */
  readonly typeProjects: readonly string[];
  readonly tests: "vitest" | "jest" | "node:test" | null;
  /** What a person has to decide, each a sentence. */
  readonly choices: readonly string[];
}

export interface PythonFacts {
  readonly kind: "python";
  readonly folder: string;
  readonly name: string | null;
  readonly manager: PythonManager;
  /** Tools by name, in the order in which they are reported. */
  readonly tools: readonly PythonTool[];
  readonly tests: "pytest" | null;
  /** The project asks for pytest-cov. */
  readonly hasCoverage: boolean;
  /** What the environment needs besides what serves: extras of the project, groups of its manager, or files for pip. */
  readonly extras: readonly string[];
  readonly groups: readonly string[];
  readonly requirements: readonly string[];
  /** Folders and files that hold the code, relative to `folder`. */
  readonly sources: readonly string[];
  readonly choices: readonly string[];
}

export type PythonTool = "black" | "isort" | "ruff" | "flake8" | "pylint" | "mypy" | "bandit" | "safety" | "pip-audit";

export interface RepositoryFacts {
  /** A valid name of a project. */
  readonly name: string;
  /** `greenlight.config.ts`, or `.mts` where a .ts file would not be read as a module. */
  readonly definition: string;
  /** The branch that a push brings into production. */
  readonly mainBranch: string;
  readonly projects: readonly (NodeFacts | PythonFacts)[];
  readonly choices: readonly string[];
}

/** What stands in one folder: names, and the texts of the files that say how it is built. */
export interface FolderContent {
  /** Relative to the repository; empty: its root. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** By name: package.json, pyproject.toml, setup.cfg, tox.ini, requirements*.txt, … as far as they are there. */
  readonly texts: Readonly<Record<string, string>>;
}
