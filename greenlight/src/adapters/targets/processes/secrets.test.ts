import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { systemClock } from "../../../base/system-clock.ts";
import type { DeployOutcome, Environment } from "../../../deployment/environment.ts";
import { openEnvironment } from "../../../deployment/open-environment.ts";
import { requestFor } from "../../../deployment/testing/requests.ts";
import { testReleases, type TestRelease } from "../../../deployment/testing/test-release.ts";
import { endEverything } from "../../../keeper/end-everything.ts";
import { freePort } from "../../../keeper/free-port.ts";
import { connect } from "./index.ts";

const KEY = "hunter2-hunter2";
let root: string;
let folder: string;
let environment: Environment;
let port: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "greenlight-secrets-"));
  folder = join(root, "production");
  port = await freePort();
  const options = { port, bakeMs: 300, warmMs: 0 };
  const target = connect({ name: "production", folder, options, configuration: {} });
  environment = openEnvironment({ name: "production", folder, target, clock: systemClock });
});
afterEach(async () => {
  await environment.stop();
  await endEverything(folder, { graceMs: 0, epoch: 1_000_000 });
  await rm(root, { recursive: true, force: true });
});

function deploy(release: TestRelease, secrets: Readonly<Record<string, string>>): Promise<DeployOutcome> {
  return environment.deploy({ ...requestFor("tiny"), ...release, secrets });
}

/** A variable as the service that has the traffic sees it. */
async function served(variable: string): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/environment`);
  return ((await response.json()) as Record<string, string>)[variable];
}

/** Files below the environment's folder that hold the text. */
async function filesWith(text: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const found: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    if ((await stat(path)).isFile() && (await readFile(path, "utf8")).includes(text)) found.push(name);
  }
  return found;
}

test("a service gets its secrets, a new deployment brings the new ones, and they lie nowhere but in their own file", async () => {
  const release = await (await testReleases(join(root, "blobs"), "production")).make("a", { LOG_LEVEL: "warn" });
  const first = await deploy(release, { TMDB_API_KEY: KEY });
  expect(first.kind).toBe("deployed");
  expect([await served("TMDB_API_KEY"), await served("LOG_LEVEL")]).toEqual([KEY, "warn"]);
  expect(await filesWith(KEY)).toEqual([join("secrets", `${first.deployment.id}.json`)]);

  expect((await deploy(release, { TMDB_API_KEY: KEY })).kind).toBe("already");
  const second = await deploy(release, { TMDB_API_KEY: "hunter3-hunter3" });
  expect(second.kind).toBe("deployed");
  expect(second.deployment.digest).toBe(first.deployment.digest);
  expect(await served("TMDB_API_KEY")).toBe("hunter3-hunter3");
  expect(await filesWith(KEY)).toEqual([]);

  await environment.stop();
  expect(await filesWith("hunter3")).toEqual([]);
});
