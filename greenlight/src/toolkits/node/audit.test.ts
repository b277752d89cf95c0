import { chmod, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";

import type { StepDefinition } from "../../pipeline/definition.ts";
import { shellWord } from "../shell-word.ts";
import { AdvisoryRegistry, type KnownAdvisory } from "../testing/advisory-registry.ts";
import { hasNodeTools, toolFile, toolProject, withoutNodeTools, type ToolProject } from "../testing/tool-rig.ts";
import { audit } from "./audit.ts";

const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";
const how = `${withoutNodeTools}${isHeavy ? "" : " (at full length only)"}`;
const canRun = isHeavy && hasNodeTools;
const ADVISORIES: readonly KnownAdvisory[] = [
  { id: 1, ghsa: "GHSA-w9mr-4mfr-499f", name: "ms", severity: "moderate", title: "Slow pattern", versions: "<2.0.1" },
  { id: 2, ghsa: "GHSA-aaaa-bbbb-cccc", name: "ms", severity: "critical", title: 'It | is "bad"', versions: "<=2.0.0" },
];
const INTEGRITY = "sha512-Tpp60P6IUJDTuOq/5Z8cdskzJujfwqfOTkrwIwj7IRISpnkJnT6SyJ4PCPnGMoFjC9ddhal5KVIYtAt97ix05A==";
const FILES = {
  "package.json": JSON.stringify({ name: "x", version: "1.0.0", private: true, dependencies: { ms: "2.0.0" } }),
  "package-lock.json": JSON.stringify({
    name: "x",
    version: "1.0.0",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: "x", version: "1.0.0", dependencies: { ms: "2.0.0" } },
      "node_modules/ms": { version: "2.0.0", integrity: INTEGRITY },
    },
  }),
  "pnpm-lock.yaml": [
    "lockfileVersion: '9.0'",
    "importers:",
    "  .:",
    "    dependencies:",
    "      ms: {specifier: 2.0.0, version: 2.0.0}",
    "packages:",
    `  ms@2.0.0: {resolution: {integrity: ${INTEGRITY}}}`,
    "snapshots:",
    "  ms@2.0.0: {}",
    "",
  ].join("\n"),
};
const CLASSIC_LOCK = '# yarn lockfile v1\n\n\nms@2.0.0:\n  version "2.0.0"\n';
const BERRY_LOCK = [
  "__metadata:",
  "  version: 10",
  "  cacheKey: 10c0",
  "",
  '"ms@npm:2.0.0":',
  "  version: 2.0.0",
  '  resolution: "ms@npm:2.0.0"',
  "  languageName: node",
  "  linkType: hard",
  "",
  '"x@workspace:.":',
  "  version: 0.0.0-use.local",
  '  resolution: "x@workspace:."',
  "  dependencies:",
  '    ms: "npm:2.0.0"',
  "  languageName: unknown",
  "  linkType: soft",
  "",
].join("\n");
let registry: AdvisoryRegistry;
let project: ToolProject;
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  registry = await AdvisoryRegistry.start(ADVISORIES);
});
afterEach(() => project.remove());
afterAll(() => registry.close());

async function start(): Promise<void> {
  registry.answers = "served";
  project = await toolProject({
    ...FILES,
    ".npmrc": `registry=${registry.url}/\nfetch-retries=0\n`,
    ".yarnrc": `registry "${registry.url}"\n`,
    ".yarnrc.yml": `npmRegistryServer: "${registry.url}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nenableTelemetry: false\nhttpRetry: 0\n`,
  });
}

/** The real tool, clean, with findings, refused, unreachable and without a lock file. */
async function story(step: StepDefinition, lock: string, isLockNeeded = true): Promise<void> {
  const found = await project.run(step);
  expect(found.problems).toEqual([]);
  expect(found.exitCode).not.toBe(0);
  expect(new Set(found.findings.map((each) => each.file))).toEqual(new Set([lock]));
  expect(found.findings[0]).toMatchObject({ level: "error" });

  registry.answers = 405;
  const refused = await project.run(step);
  expect(refused.problems).toEqual([]);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.evidence).toMatchObject([{ isInconclusive: true, findings: [], why: expect.stringContaining("405") }]);
  registry.answers = "served";

  if (!isLockNeeded) return;
  await rm(join(project.folder, lock));
  const without = await project.run(step);
  expect(without.evidence).toEqual([]);
  expect(without.exitCode === 0 && without.problems.length === 0).toBe(false);
}

test.skipIf(!isHeavy)(
  `npm audit: a finding for each vulnerable package, as npm counts${isHeavy ? "" : " (at full length only)"}`,
  async () => {
    await start();
    const { findings, evidence } = await project.run(audit());
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ rule: "GHSA-w9mr-4mfr-499f", level: "error" });
    expect(evidence).toMatchObject([{ checkedCount: 1 }]);
    await story(audit(), "package-lock.json");
    await project.write({ ...FILES, ".npmrc": "registry=http://127.0.0.1:9/\nfetch-retries=0\n" });
    const unreachable = await project.run(audit());
    expect(unreachable.evidence).toMatchObject([
      { isInconclusive: true, why: expect.stringContaining("ECONNREFUSED") },
    ]);
  },
);

test.skipIf(!canRun)(`pnpm audit: a finding for each advisory, as pnpm counts${how}`, async () => {
  await start();
  const { findings } = await project.run(audit({ tool: "pnpm" }));
  expect(findings.map(({ rule, level }) => `${rule} ${level}`)).toEqual([
    "GHSA-aaaa-bbbb-cccc error",
    "GHSA-w9mr-4mfr-499f warning",
  ]);
  await story(audit({ tool: "pnpm" }), "pnpm-lock.yaml");
});

test.skipIf(!canRun)(`yarn audit, version 1: a finding for each path, as yarn counts${how}`, async () => {
  await start();
  // The registry that version 1 asks for advisories is written into it, whatever is configured.
  const program = await readFile(toolFile("yarn/lib/cli.js"), "utf8");
  const redirected = program.replaceAll("https://registry.yarnpkg.com", registry.url);
  await project.write({ "lib/cli.js": redirected, "yarn.lock": CLASSIC_LOCK });
  await project.write({ "bin/yarn.js": await readFile(toolFile("yarn/bin/yarn.js"), "utf8") });
  await use(join(project.folder, "bin/yarn.js"));
  const { findings, exitCode } = await project.run(audit({ tool: "yarn-classic" }));
  // Moderate and critical: 4 + 16.
  expect(exitCode).toBe(20);
  expect(findings).toHaveLength(2);
  await story(audit({ tool: "yarn-classic" }), "yarn.lock", false);
});

test.skipIf(!canRun)(`yarn npm audit, version 4: a finding for each advisory${how}`, async () => {
  await start();
  await use(toolFile("@yarnpkg/cli-dist/bin/yarn.js"));
  await project.write({ "yarn.lock": BERRY_LOCK });
  const { findings } = await project.run(audit({ tool: "yarn" }));
  expect(findings.map((each) => each.message).toSorted()).toEqual([
    "ms <2.0.1, moderate: Slow pattern (installed: 2.0.0)",
    'ms <=2.0.0, critical: It | is "bad" (installed: 2.0.0)',
  ]);
  await story(audit({ tool: "yarn" }), "yarn.lock");
});

test("a report that was made elsewhere is read without the tool", async () => {
  await start();
  await project.write({ "given it's.json": '{"auditReportVersion":2,"vulnerabilities":{}}' });
  const run = await project.run(audit({ report: "given it's.json" }), { PATH: "/usr/bin:/bin" });
  expect(run).toMatchObject({ exitCode: 0, problems: [], findings: [] });
  expect(run.evidence).toHaveLength(1);
  const missing = await project.run(audit({ report: "nothing.json" }));
  expect(missing.exitCode).not.toBe(0);
});

test("a result is kept for a day", async () => {
  await start();
  expect(audit()).toMatchObject({ validForMs: 86_400_000, tool: { exits: { "1": "findings" } } });
});

/** Puts that copy of yarn first on the project's path. */
async function use(path: string): Promise<void> {
  await project.write({ "bin/yarn": `#!/bin/sh\nexec node ${shellWord(path)} "$@"\n` });
  await chmod(join(project.folder, "bin/yarn"), 0o755);
}
