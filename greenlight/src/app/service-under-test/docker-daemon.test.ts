import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, expect, test, vi } from "vitest";

import { isElsewhere, reachDocker } from "./docker-daemon.ts";

const folder = mkdtempSync(join(tmpdir(), "greenlight-docker-"));

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(folder, "docker"), { force: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a daemon on another machine is told from one on this", () => {
  const here = ["unix:///var/run/docker.sock", "npipe:////./pipe/docker_engine", "tcp://127.0.0.1:2375", "tcp://:2375"];
  const local = [...here, "tcp://localhost:2375", "tcp://[::1]:2375", "http://127.1.2.3", "", "<no value>"];
  expect(local.filter(isElsewhere)).toEqual([]);
  const elsewhere = ["ssh://me@films", "tcp://docker:2375", "tcp://10.0.0.2:2376", "tcp://127.0.0.1.example.com:1"];
  expect(elsewhere.filter((address) => !isElsewhere(address))).toEqual([]);
});

test("without a client nothing is started, and the step says what to install", async () => {
  vi.stubEnv("PATH", folder);
  await expect(reachDocker("integration tests", folder)).rejects.toThrow(
    /^DOCKER_MISSING: integration tests: there is no program "docker" in PATH\n {2}remedy: install Docker/u,
  );
});

test("a client that answers nonsense, or no end of it, is no daemon", async () => {
  vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`);
  for (const script of ["echo '{'", "echo null", "head -c 9000000 /dev/zero", "exit 3", "kill -9 $$"]) {
    writeFileSync(join(folder, "docker"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "docker"), 0o755);
    await expect(reachDocker("s", folder)).rejects.toThrow(/^DOCKER_UNREACHABLE: s: /u);
  }
});
