import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { LACK, TOOLS } from "../../toolkits/python/testing/python-tools.ts";
import { pythonLicences } from "../functions/python-licences.ts";
import { pythonDistributions, requirementsOf } from "./python-distributions.ts";
import { pythonLicence } from "./python-licence.ts";

const told = { expression: null, licence: null, classifiers: [] };
const OSI = "License :: OSI Approved ::";

test.each([
  [
    "an expression, whatever else stands there",
    { expression: "MIT OR Apache-2.0", licence: "BSD" },
    "MIT OR Apache-2.0",
  ],
  ["a classifier that means one licence", { classifiers: ["License :: OSI Approved", `${OSI} MIT License`] }, "MIT"],
  [
    "several classifiers, which must all hold",
    { classifiers: [`${OSI} MIT License`, `${OSI} GNU General Public License v3 (GPLv3)`] },
    "MIT AND GPL-3.0-only",
  ],
  [
    "a classifier that leaves it open, with the field",
    { licence: "BSD-3-Clause", classifiers: [`${OSI} BSD License`] },
    "BSD-3-Clause",
  ],
  ["a classifier that leaves it open", { licence: "BSD", classifiers: [`${OSI} BSD License`] }, "BSD License"],
  ["the field in words", { licence: "Apache License, Version 2.0" }, "Apache-2.0"],
  ["a whole text in the field", { licence: `Copyright\n${"x".repeat(500)}` }, "Copyright"],
  ["nothing", {}, null],
])("the licence of a distribution by %s", (_what, change, expected) => {
  expect(pythonLicence({ ...told, ...change })).toBe(expected);
});

test("a file of requirements names packages, not options, addresses or comments", () => {
  const text =
    "-r base.txt\n# c\nnumpy==1.0 \\\n    --hash=sha256:x\nhttps://example.com/a.whl\nFilms[fast] >= 2 ; python_version < '3.9' # why\n";
  expect(requirementsOf(text)).toEqual([
    "numpy==1.0      --hash=sha256:x",
    "Films[fast] >= 2 ; python_version < '3.9'",
  ]);
});

const PYTHON = ["/usr/bin/python3", join(TOOLS, "bin/python")].find((path) => existsSync(path));

describe.skipIf(PYTHON === undefined)(`an environment${PYTHON === undefined ? " (skipped: no Python)" : ""}`, () => {
  test("has the packages that are required, and what is required and not there leaves the answer open", async () => {
    await using scratch = await mkdtempDisposable(join(tmpdir(), "greenlight-python-"));
    const folder = scratch.path;
    const prefix = join(folder, ".venv");
    const version = execFileSync(PYTHON ?? "", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
      encoding: "utf8",
    });
    const site = join(prefix, `lib/python${version.trim()}/site-packages`);
    const install = (name: string, lines: readonly string[]): void => {
      mkdirSync(join(site, `${name}-1.0.dist-info`), { recursive: true });
      writeFileSync(
        join(site, `${name}-1.0.dist-info/METADATA`),
        ["Metadata-Version: 2.4", `Name: ${name}`, "Version: 1.0", ...lines, ""].join("\n"),
      );
    };
    install("films", [
      "License-Expression: MIT",
      "Requires-Dist: Num_Py>=1",
      "Requires-Dist: colour; extra == 'pretty'",
    ]);
    install("num.py", [`Classifier: ${OSI} GNU General Public License v3 (GPLv3)`]);
    install("tool", ["License: Proprietary thing"]);
    mkdirSync(join(prefix, "bin"));
    symlinkSync(PYTHON ?? "", join(prefix, "bin/python"));
    writeFileSync(
      join(prefix, "pyvenv.cfg"),
      `home = ${join(PYTHON ?? "", "..")}\ninclude-system-site-packages = false\n`,
    );
    chmodSync(join(prefix, "pyvenv.cfg"), 0o644);
    writeFileSync(join(folder, "requirements.txt"), "films==1.0\ngone==2.0\nwinonly==1; sys_platform == 'win32'\n");

    const all = await pythonDistributions(join(prefix, "bin/python"), null);
    expect(all.manifests.map((each) => `${each.name} ${each.licence}`).toSorted()).toEqual([
      "films MIT",
      "num.py GPL-3.0-only",
      "tool Proprietary thing",
    ]);
    install("colour", ["License: MIT"]);
    const some = async (root: string) =>
      (await pythonDistributions(join(prefix, "bin/python"), [root])).manifests.map((each) => each.name).toSorted();
    expect(await some("films==1.0")).toEqual(["films", "num.py"]);
    expect(await some("Films[pretty]")).toEqual(["colour", "films", "num.py"]);
    const report = join(folder, "out/licences.sarif");
    const run = { id: "r", step: "s" };
    const context = { project: { name: "x", folder, stateFolder: folder }, run, needs: {}, outputs: { report } };
    const args = { folder: "", requirements: ["requirements.txt"], allow: ["MIT"], deny: [], known: {} };
    await pythonLicences(args, context);
    const log = JSON.parse(await readFile(report, "utf8")) as {
      runs: { results: { ruleId: string }[]; invocations: object[] }[];
    };
    expect(log.runs[0]?.results.map((each) => each.ruleId)).toEqual(["licence/GPL-3.0-only"]);
    expect(log.runs[0]?.invocations).toMatchObject([
      { executionSuccessful: false, exitCodeDescription: "1 of the packages are not installed: gone" },
    ]);
    await expect(
      pythonLicences(args, { ...context, project: { ...context.project, folder: tmpdir() } }),
    ).rejects.toThrow("LICENCES_NOT_INSTALLED");
  });

  test.skipIf(LACK !== null)(
    `of real tools: only what is required counts, not what its extras would need${LACK === null ? "" : ` (${LACK})`}`,
    async () => {
      const { manifests } = await pythonDistributions(join(TOOLS, "bin/python"), ["bandit", "pytest"]);
      const names = manifests.map((each) => each.name.toLowerCase());
      expect(names).toEqual(expect.arrayContaining(["bandit", "pytest", "pluggy", "rich"]));
      expect(names).not.toContain("mypy");
      expect(manifests.find((each) => each.name === "pytest")?.licence).toBe("MIT");
    },
  );
});
