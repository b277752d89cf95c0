import { execFileSync } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import type { StepView } from "../../../engine/run-view.ts";
import { Rig } from "../../../engine/testing/rig.ts";
import type { StepDefinition } from "../../../pipeline/definition.ts";

/** An environment with the real tools, as test/python-tools/requirements.txt pins them; .ci/run makes it. */
export const TOOLS =
  process.env["GREENLIGHT_PYTHON_TOOLS"] ?? join(import.meta.dirname, "../../../../../.cache/python-tools");

/** Null: they are there; else what the name of a skipped test says. */
export const LACK = existsSync(join(TOOLS, "bin/ruff"))
  ? null
  : "skipped: no environment with Python's tools, see test/python-tools";

/** An environment with poetry alone, whose dependencies are not those of the other tools. */
export const POETRY = process.env["GREENLIGHT_POETRY"] ?? join(import.meta.dirname, "../../../../../.cache/poetry");

/** As `LACK`, of poetry. */
export const LACK_OF_POETRY = existsSync(join(POETRY, "bin/poetry"))
  ? null
  : "skipped: no environment with poetry, see test/python-tools";

/** A project in a folder of its own; its environment is the one with the tools. */
export class PythonProject {
  readonly rig = new Rig();

  constructor() {
    // The folder of a virtual environment may be a link; its programs name their interpreter by its own path.
    symlinkSync(TOOLS, join(this.rig.folder, ".venv"));
    this.rig.write("src/app/__init__.py", '"""A package."""\n');
    this.rig.write("src/app/total.py", CLEAN);
  }

  /** The steps by name, once they have been run. */
  async run(
    steps: readonly StepDefinition[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<(name: string) => StepView> {
    // The tools share two cores, and each takes one.
    const run = await this.rig.run({ quality: steps }, { variables, concurrency: 2 });
    return (name) => run.step(name);
  }

  /** What the tool prints when it is called by hand, whatever its exit. */
  call(program: string, ...args: readonly string[]): string {
    try {
      const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], NO_COLOR: "1", LANG: "C.UTF-8" };
      return execFileSync(join(TOOLS, "bin", program), args, {
        cwd: this.rig.folder,
        encoding: "utf8",
        stdio: "pipe",
        env,
      });
    } catch (error) {
      const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
      return `${stdout ?? ""}${stderr ?? ""}`;
    }
  }

  dispose(): void {
    this.rig.dispose();
  }
}

const CLEAN = `"""Sums."""


def total(values: list[int]) -> int:
    """Give the sum of the values."""
    return sum(values)
`;

/** Something for every tool. */
export const FAULTY = `import sys
import os
import subprocess
from collections import OrderedDict
import pickle

def run( cmd ):
    x = 1
    subprocess.call(cmd, shell=True)
    return pickle.loads(cmd)

def add(a: int, b: int) -> str:
    return a + b
`;

/** How many findings each file has. */
export function countByFile(files: readonly (string | null)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const file of files) counts[file ?? "-"] = (counts[file ?? "-"] ?? 0) + 1;
  return counts;
}
