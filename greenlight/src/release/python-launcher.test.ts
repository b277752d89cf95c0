import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { askVersion, findPython } from "./find-python.ts";
import { pythonLauncher } from "./python-launcher.ts";

const here = await askVersion("python3");
const minor = (here ?? "3.0.0").split(".").slice(0, 2).join(".");

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(here === null)(
  `the launcher of a Python release${here === null ? " (skipped: no python3)" : ""}`,
  () => {
    let root: string;
    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), "launcher "));
      for (const folder of ["runtime", "packages/films", "app", "bin"])
        await mkdir(join(root, folder), { recursive: true });
      await writeFile(join(root, "packages/films/__init__.py"), "NAME = 'packaged'\n");
      await writeFile(
        join(root, "app/main.py"),
        "import films, json, sys, os\nprint(json.dumps([films.NAME, sys.argv[1:], sys.flags.no_site, sys.dont_write_bytecode, os.getpid() > 0]))\n",
      );
    });
    afterEach(() => rm(root, { recursive: true, force: true }));

    async function launch(
      version: string,
      environment: Record<string, string> = {},
      given: string[] = [],
    ): Promise<Ended> {
      const launcher = join(root, "runtime/python");
      await writeFile(launcher, pythonLauncher(version));
      await chmod(launcher, 0o755);
      const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...environment };
      return new Promise((resolve) => {
        execFile(launcher, ["-m", "main", ...given], { cwd: join(root, "app"), env }, (error, stdout, stderr) => {
          resolve({ status: Number(error?.code ?? 0), stdout, stderr });
        });
      });
    }

    test("starts the host's Python of that version with the packages of the release alone, and passes arguments on", async () => {
      const { status, stdout } = await launch(minor, {}, ["a b", "$HOME", "--", "*"]);
      expect({ status, answer: JSON.parse(stdout) as unknown }).toEqual({
        status: 0,
        answer: ["packaged", ["a b", "$HOME", "--", "*"], 1, true, true],
      });
    });

    test("compiles where it is told to, and never into the release", async () => {
      const { stdout } = await launch(minor, { PYTHONPYCACHEPREFIX: join(root, "cache") });
      expect(JSON.parse(stdout)).toEqual(["packaged", [], 1, false, true]);
      expect(await askVersion(join(root, "packages/films/__pycache__"))).toBeNull();
    });

    test("takes the program that GREENLIGHT_PYTHON names, when it is of that version", async () => {
      const named = join(root, "bin/own python");
      await writeFile(named, `#!/bin/sh\nOWN=1 exec python3 "$@"\n`);
      await chmod(named, 0o755);
      expect(await launch(minor, { GREENLIGHT_PYTHON: named })).toMatchObject({ status: 0 });
      expect(await findPython({ version: minor, environment: { GREENLIGHT_PYTHON: named } })).toEqual({
        program: named,
        version: here,
      });
    });

    test("says what is missing when there is no such Python", async () => {
      const { status, stderr } = await launch("3.99");
      expect({ status, stderr }).toEqual({
        status: 127,
        stderr: expect.stringMatching(/^PYTHON_MISSING: python: no Python 3\.99 found; .*GREENLIGHT_PYTHON/u) as string,
      });
      const found = await findPython({ version: "3.99", environment: {} });
      expect(found).toContain("python3.99 is not there");
      expect(found).toContain(`python3 is ${here}`);
    });

    test("a program that is no Python counts as none", async () => {
      await symlink("/bin/true", join(root, "bin/true"));
      expect(await findPython({ version: minor, environment: { GREENLIGHT_PYTHON: join(root, "bin/true") } })).toBe(
        `${join(root, "bin/true")} is not there or does not run`,
      );
    });
  },
);
