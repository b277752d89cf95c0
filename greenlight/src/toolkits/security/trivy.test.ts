import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { gunzipSync } from "node:zlib";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { tally, toolProject, type ToolProject } from "../testing/tool-rig.ts";
import { trivy, type TrivyOptions } from "./trivy.ts";

const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";
const PATH = [join(process.env["HOME"] ?? "", "go/bin"), process.env["PATH"] ?? ""].join(delimiter);
const hasTrivy = isHeavy && spawnSync("trivy", ["--version"], { env: { PATH } }).status === 0;
const without = hasTrivy ? "" : isHeavy ? " (skipped: no trivy)" : " (at full length only)";
const LIMIT_MS = 280_000;
// Put together here, so that a scan of this repository does not find it.
const SECRET = ["ghp", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].join("_");
const ODD = "a b/it's $HOME/한글.py";
const LOCK = JSON.stringify({
  name: "films",
  lockfileVersion: 3,
  packages: {
    "": { name: "films", dependencies: { minimist: "1.2.0", ms: "1.0.0" } },
    "node_modules/minimist": { version: "1.2.0" },
    "node_modules/ms": { version: "1.0.0" },
  },
});
const DOCKERFILE = "FROM debian:latest\nENV AWS_SECRET_ACCESS_KEY=hidden-value-78\nRUN apt-get install curl\n";
const MANIFEST = `apiVersion: v1
kind: ConfigMap
metadata: { name: films }
data:
  settings: |
    password=hidden-value-79
---
apiVersion: v1
kind: Pod
metadata: { name: films }
spec:
  containers: [{ name: films, image: "films:latest", securityContext: { privileged: true } }]
`;
let project: ToolProject;
let env: Record<string, string>;
vi.setConfig({ testTimeout: 300_000 });

beforeEach(async () => {
  project = await toolProject({});
  env = { PATH, TRIVY_CACHE_DIR: join(project.folder, ".greenlight/trivy") };
});
afterEach(() => project.remove());

/**
 * Trivy's cache with a database of two advisories, written by bbolt as Trivy's own is: CVE-2017-20162 (medium) of ms below 2.0.0,
 * CVE-2021-44906 (critical) of minimist below 1.2.6.
 */
async function keepDatabase(): Promise<void> {
  const folder = join(env["TRIVY_CACHE_DIR"] ?? "", "db");
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "trivy.db"),
    gunzipSync(await readFile(join(import.meta.dirname, "testing/trivy.db.gz"))),
  );
  const [at, next] = [new Date(), new Date(Date.now() + 86_400_000)].map((date) => date.toISOString());
  const metadata = { Version: 2, UpdatedAt: at, NextUpdate: next, DownloadedAt: at };
  await writeFile(join(folder, "metadata.json"), JSON.stringify(metadata));
}

/** How many findings the tool itself counts, called by hand. */
function bareCount(...words: readonly string[]): number {
  const args = [...words, "--format", "json", "--quiet", "--skip-check-update"];
  const called = spawnSync("trivy", args, { cwd: project.folder, env: { ...env, HOME: project.folder } });
  const report = JSON.parse(called.stdout.toString()) as { Results?: Record<string, unknown[] | undefined>[] };
  const kinds = ["Vulnerabilities", "Misconfigurations", "Secrets"];
  return (report.Results ?? []).reduce(
    (sum, each) => sum + kinds.reduce((n, kind) => n + (each[kind]?.length ?? 0), 0),
    0,
  );
}

async function run(options: TrivyOptions): ReturnType<ToolProject["run"]> {
  return project.run(trivy(options), env, LIMIT_MS);
}

async function reportOf(scan: string): Promise<string> {
  return readFile(join(project.folder, `out/reports/trivy-${scan}-report.json`), "utf8");
}

// Each was written by version 0.69.3.
test.each([
  [75, "init error: DB error: database error: --skip-db-update cannot be specified on the first run"],
  [75, "init error: DB error: failed to download vulnerability DB: OCI artifact error: failed to download"],
  [75, "init error: DB error: error in vulnerability DB initialize: failed to open db: invalid database"],
  [
    75,
    "post analysis error: Unable to initialize the Java DB: Java DB update failed: '--skip-java-db-update' cannot be",
  ],
  [
    75,
    `unable to find the specified image "films:1": 4 errors occurred:\n\t* remote error: Get "https://h/v2/": dial tcp: no`,
  ],
  [78, `unable to find the specified image "films:1": 4 errors occurred:\n\t* remote error: MANIFEST_UNKNOWN`],
  [78, "image scan error: unable to initialize archive image: 2 errors occurred:"],
  [78, "unknown flag: --nonsense"],
  [78, `flag error: unable to parse flags: invalid argument "[nope]" for "--scanners" flag`],
  [78, `config file "bad.yaml" loading error: While parsing config: yaml: line 1: did not find expected node content`],
  [78, "fs scan error: walk dir error: unknown error with nowhere: lstat nowhere: no such file or directory"],
  [1, "fs scan error: walk dir error: unknown error with config/a.db: semaphore acquire: context deadline exceeded"],
])("status %i for a scan that says: %s", async (ends, words) => {
  await scripted(`2026-11-22T17:35:07Z\tFATAL\tFatal error\trun error: ${words}`, "exit 1");
  const ended = await project.run(trivy({ scan: "image", image: "films:1", scanners: ["vuln"] }));
  expect(ended.exitCode).toBe(ends);
});

test("what a scan only warns of, or tells of the checks that it brings itself, does not make it fail", async () => {
  const words = 'ERROR\t[misconfig] Falling back to embedded checks\terr="failed to download checks bundle: dial tcp"';
  await scripted(words, `printf '{"SchemaVersion":2}' > out/reports/trivy-config-report.json`);
  expect(await project.run(trivy({ scan: "config" }))).toMatchObject({ exitCode: 0, findings: [], problems: [] });
});

async function scripted(words: string, end: string): Promise<void> {
  await project.write({ "bin/trivy": `#!/bin/sh\ncat >&2 <<'END'\n${words}\nEND\n${end}\n` });
  await chmod(join(project.folder, "bin/trivy"), 0o755);
}

test.skipIf(!hasTrivy)(
  `without its database vulnerabilities are not known, secrets are told all the same, and never quoted${without}`,
  async () => {
    await project.write({ "package-lock.json": LOCK, [ODD]: `x = 1\nkey = "${SECRET}"; other = "hidden-value-77"\n` });
    const found = await run({ scan: "fs", offline: true });
    expect(found).toMatchObject({ exitCode: 75, problems: [] });
    expect(tally(found.findings)).toEqual({ [`${ODD} github-pat`]: 1 });
    expect(found.findings).toMatchObject([{ level: "error", line: 2, snippet: null }]);
    const all = (await reportOf("fs")) + found.log + JSON.stringify(found.evidence);
    expect(all).not.toContain(SECRET.slice(4));
    expect(all).not.toContain("hidden-value");
    const alone = await run({ scan: "fs", scanners: ["vuln"], offline: true });
    expect(alone).toMatchObject({ exitCode: 75, evidence: [] });
  },
);

test.skipIf(!hasTrivy)(
  `with its database each vulnerability is found, as often as the tool counts${without}`,
  async () => {
    await keepDatabase();
    await project.write({ "package-lock.json": LOCK });
    const found = await run({ scan: "fs", offline: true });
    expect(found).toMatchObject({ exitCode: 0, problems: [] });
    expect(found.findings.map(({ rule, level, file }) => [rule, level, file])).toEqual([
      ["CVE-2021-44906", "error", "package-lock.json"],
      ["CVE-2017-20162", "warning", "package-lock.json"],
    ]);
    expect(found.findings).toHaveLength(bareCount("fs", ".", "--skip-db-update", "--offline-scan"));
  },
);

test.skipIf(!hasTrivy)(
  `configuration is checked by the checks that the tool brings, and no value is quoted${without}`,
  async () => {
    await project.write({ Dockerfile: DOCKERFILE, "k8s/films.yaml": MANIFEST });
    const found = await run({ scan: "config", offline: true });
    expect(found).toMatchObject({ exitCode: 0, problems: [] });
    const rules = Object.keys(tally(found.findings));
    expect(rules).toEqual(
      expect.arrayContaining(["Dockerfile DS-0031", "k8s/films.yaml KSV-0017", "k8s/films.yaml KSV-0109"]),
    );
    expect(found.findings).toHaveLength(bareCount("config", ".", "--skip-dirs", "**/out"));
    const quoted = /hidden-value/u;
    expect(JSON.stringify(found.evidence)).not.toMatch(quoted);
    // The line of a check about secrets may not be shown either.
    expect(found.findings.filter(({ rule }) => /^(DS-0031|KSV-0109)$/u.test(rule))).toEqual(
      expect.arrayContaining([expect.objectContaining({ snippet: null })]),
    );
    expect(await reportOf("config")).not.toMatch(/"Code":/u);
  },
);

test.skipIf(!hasTrivy)(
  `an image's archive is scanned without an engine of containers, a name is not${without}`,
  async () => {
    await keepDatabase();
    await saveImage();
    const found = await run({ scan: "image", image: { archive: "image.tar" }, offline: true });
    expect(found).toMatchObject({ exitCode: 0, problems: [] });
    expect(found.findings).toMatchObject([{ rule: "CVE-2017-20162", file: null, line: null }]);
    expect(found.findings).toHaveLength(
      bareCount("image", "--input", "image.tar", "--skip-db-update", "--offline-scan"),
    );
    env["DOCKER_HOST"] = `unix://${join(project.folder, "none.sock")}`;
    const none = await run({ scan: "image", image: "localhost:1/films:1", offline: true });
    expect(none).toMatchObject({ evidence: [] });
    expect(none.exitCode).not.toBe(0);
  },
);

test.skipIf(!hasTrivy)(`a broken configuration and a wrong call are told as such${without}`, async () => {
  await project.write({ "bad.yaml": "severity: [[\n" });
  expect(await run({ scan: "config", config: "bad.yaml", offline: true })).toMatchObject({
    exitCode: 78,
    evidence: [],
  });
  expect(await run({ scan: "config", path: "nowhere", offline: true })).toMatchObject({ exitCode: 78, evidence: [] });
});

/** An image of one layer that holds the package ms 1.0.0, as `docker save` writes it. */
async function saveImage(): Promise<void> {
  await project.write({ "layer/app/node_modules/ms/package.json": '{"name":"ms","version":"1.0.0","license":"MIT"}' });
  tar("image/layer.tar", "layer", ["app"]);
  const layer = await readFile(join(project.folder, "image/layer.tar"));
  const digest = createHash("sha256").update(layer).digest("hex");
  const rootfs = { type: "layers", diff_ids: [`sha256:${digest}`] };
  await project.write({
    "image/config.json": JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs, history: [{}] }),
    "image/manifest.json": JSON.stringify([{ Config: "config.json", RepoTags: ["films:1"], Layers: ["layer.tar"] }]),
  });
  tar("image.tar", "image", ["manifest.json", "config.json", "layer.tar"]);
}

function tar(file: string, folder: string, names: readonly string[]): void {
  spawnSync("mkdir", ["-p", join(project.folder, "image")]);
  spawnSync("tar", ["-cf", join(project.folder, file), "-C", join(project.folder, folder), ...names]);
}
