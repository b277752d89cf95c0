import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { Rig } from "../../../engine/testing/rig.ts";
import type { PackageIndex } from "./package-index.ts";
import { POETRY, TOOLS } from "./python-tools.ts";

export type ManagerName = "pip" | "uv" | "poetry";

const call = promisify(execFile);

/** A project that wants the package `films` of an index of its own. */
export class LockedProject {
  readonly rig = new Rig();
  readonly #index: PackageIndex;

  constructor(index: PackageIndex) {
    this.#index = index;
  }

  /** With the real managers on PATH, and with what they keep of an index apart from other tests. */
  get variables(): Readonly<Record<string, string>> {
    const path = [join(TOOLS, "bin"), join(POETRY, "bin"), process.env["PATH"] ?? ""].join(":");
    const cache = join(this.rig.folder, "cache");
    const caches = { POETRY_CACHE_DIR: cache, UV_CACHE_DIR: cache };
    return { ...this.#index.variables, ...caches, PATH: path, HOME: process.env["HOME"] ?? "" };
  }

  want(version: string): void {
    this.rig.write(
      "pyproject.toml",
      `[project]\nname = "shop"\nversion = "1.0.0"\nrequires-python = ">=3.9"\ndependencies = ["films==${version}"]\n` +
        `[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "index"\nurl = "${this.#index.url}"\npriority = "primary"\n`,
    );
  }

  /** Wants that version and locks it, as the manager does it. */
  async lock(manager: ManagerName, version: string): Promise<void> {
    if (manager === "pip") {
      this.rig.write("requirements.txt", `films==${version}\n`);
      return;
    }
    this.want(version);
    const program = manager === "uv" ? join(TOOLS, "bin/uv") : join(POETRY, "bin/poetry");
    // Not synchronously: the index is in this process.
    await call(program, ["lock", "--quiet"], { cwd: this.rig.folder, env: { ...process.env, ...this.variables } });
  }
}
