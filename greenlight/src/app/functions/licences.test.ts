import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";

import { afterEach, beforeEach, expect, test } from "vitest";

import { readEvidence, streamEvidence } from "../../evidence/read-evidence.ts";
import { licences } from "./licences.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "greenlight-licences-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Packages by name, each with what stands in its manifest; the lock says that all of them are needed. */
async function findings(
  packages: Readonly<Record<string, object>>,
  policy: { allow?: string[]; deny?: string[]; known?: Record<string, string> },
): Promise<readonly string[]> {
  const names = Object.keys(packages);
  const places = names.map((name) => [`node_modules/${name}`, { version: "1.0.0" }]);
  await write("package-lock.json", {
    packages: {
      "": { dependencies: Object.fromEntries(names.map((name) => [name, "1"])) },
      ...Object.fromEntries(places),
    },
  });
  for (const [name, fields] of Object.entries(packages))
    await write(`node_modules/${name}/package.json`, { name, version: "1.0.0", ...fields });
  const report = join(folder, "out/reports/licences.sarif");
  const { allow = null, deny = [], known = {} } = policy;
  await licences(
    { folder: "", allow, deny, packages: "production", known },
    {
      project: { name: "x", folder, stateFolder: folder },
      run: { id: "r", step: "s" },
      needs: {},
      outputs: { report },
    },
  );
  const log = JSON.parse(await readFile(report, "utf8")) as {
    runs: { results: { level: string; ruleId: string; message: { text: string } }[] }[];
  };
  return (log.runs[0]?.results ?? []).map(({ level, ruleId, message }) => `${level} ${ruleId}: ${message.text}`);
}

test("licences that are allowed pass, also one of several, in old and new forms", async () => {
  const packages = {
    a: { license: "MIT" },
    b: { license: "(GPL-3.0-only OR mit)" },
    c: { license: { type: "MIT" } },
    d: { licenses: [{ type: "GPL-2.0" }, { type: "MIT" }] },
  };
  expect(await findings(packages, { allow: ["MIT"] })).toEqual([]);
});

test("what is not allowed, or denied, is an error with the package's name", async () => {
  const packages = {
    a: { license: "AGPL-3.0-only" },
    b: { license: "MIT AND GPL-3.0-or-later" },
    c: { license: "UNLICENSED" },
  };
  expect(await findings(packages, { allow: ["MIT"] })).toEqual([
    "error licence/AGPL-3.0-only: a 1.0.0: AGPL-3.0-only is not allowed",
    "error licence/MIT AND GPL-3.0-or-later: b 1.0.0: MIT AND GPL-3.0-or-later is not allowed",
    "error licence-none: c 1.0.0: it grants nobody a licence (UNLICENSED)",
  ]);
  expect(await findings({ a: { license: "AGPL-3.0-only" }, b: { license: "MIT" } }, { deny: ["agpl-*"] })).toEqual([
    "error licence/AGPL-3.0-only: a 1.0.0: AGPL-3.0-only is not allowed",
  ]);
});

test("a licence that nobody knows is told, until a person has read it", async () => {
  const packages = { a: {}, b: { license: "SEE LICENSE IN LICENSE.md" }, c: { license: "MIT, more or less" } };
  const found = await findings(packages, { allow: ["MIT"] });
  expect(found.map((each) => each.split(":")[0])).toEqual(Array(3).fill("warning licence-unknown"));
  expect(await findings(packages, { allow: ["MIT"], known: { a: "MIT", b: "ISC", c: "MIT" } })).toEqual([
    "error licence/ISC: b 1.0.0: ISC is not allowed",
  ]);
});

test("a package that is locked and not installed leaves the answer open, an optional one does not", async () => {
  const needs = { a: "1", gone: "1" };
  const lock = {
    packages: {
      "": { dependencies: needs, optionalDependencies: { fsevents: "1" } },
      "node_modules/a": { version: "1.0.0" },
      "node_modules/gone": { version: "1.2.3" },
      "node_modules/fsevents": { version: "1.0.0", optional: true },
    },
  };
  const args = { folder: "", allow: ["MIT"], deny: [], packages: "production", known: {} };
  const report = join(folder, "out/licences.sarif");
  const context = {
    project: { name: "x", folder, stateFolder: folder },
    run: { id: "r", step: "s" },
    needs: {},
    outputs: { report },
  };
  await write("package-lock.json", lock);
  await expect(licences(args, context)).rejects.toThrow("LICENCES_NOT_INSTALLED");
  await write("node_modules/a/package.json", { name: "a", version: "1.0.0", license: "MIT" });
  await licences(args, context);
  const text = await readFile(report, "utf8");
  const why = "1 of the packages are not installed: gone 1.2.3";
  const read = readEvidence("sarif", "licences", text, { projectFolder: folder });
  expect(read).toMatchObject({ value: [{ isInconclusive: true, why, findings: [] }] });
  const pieces = () => Readable.from([Buffer.from(text)]);
  const streamed = await streamEvidence("sarif", "licences", pieces, { projectFolder: folder, onFinding: () => {} });
  expect(streamed).toMatchObject({ value: [{ isInconclusive: true, why }] });
});

test("without a lock file nothing is said about licences", async () => {
  const context = {
    project: { name: "x", folder, stateFolder: folder },
    run: { id: "r", step: "licences" },
    needs: {},
    outputs: { report: join(folder, "r") },
  };
  const args = { folder: "", allow: [], deny: [], packages: "all", known: {} };
  await expect(licences(args, context)).rejects.toThrow("LICENCES_NO_LOCK");
});

async function write(path: string, content: object): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), JSON.stringify(content));
}
