import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { recordContainer, recordedContainers } from "./container-records.ts";
import { endAbandonedContainers } from "./end-containers.ts";

const NAME = "greenlight-0123456789abcdef";
const GONE = { pid: process.pid, startTime: "of an earlier life" };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-containers-"));
  // Says what it was asked for, and of which daemon; answers what the test wants. Docker itself is asked in test/scenarios.
  writeFileSync(join(folder, "docker"), '#!/bin/sh\necho "$DOCKER_HOST $*" >> "$0.calls"\n. "$0.answer"\n');
  chmodSync(join(folder, "docker"), 0o755);
  vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function abandon(name: string, change: object = {}): void {
  const record = { name, owner: GONE, sinceMs: Date.now(), docker: { DOCKER_HOST: "unix:///d" }, ...change };
  mkdirSync(join(folder, "containers"), { recursive: true });
  writeFileSync(join(folder, "containers", name), JSON.stringify(record));
}

const answer = (script: string): void => writeFileSync(join(folder, "docker.answer"), script);
const calls = (): string => readFileSync(join(folder, "docker.calls"), "utf8");
const left = (): string[] => readdirSync(join(folder, "containers"));

test("a container whose step is dead is removed from the daemon that had it; one whose step lives stays", async () => {
  const other = "greenlight-fedcba9876543210";
  answer('echo "$4"');
  abandon(NAME);
  const forget = recordContainer(folder, other, { DOCKER_HOST: "unix:///e", SECRET: "12345678" });
  expect(await endAbandonedContainers(folder)).toBe(1);
  expect(calls()).toBe(`unix:///d rm --force --volumes ${NAME}\n`);
  expect(recordedContainers(folder)).toMatchObject([{ name: other, docker: { DOCKER_HOST: "unix:///e" } }]);
  expect(statSync(join(folder, "containers", other)).mode & 0o777).toBe(0o600);
  forget();
  expect(left()).toEqual([]);
});

test("what the daemon does not know may just be in the making: it is forgotten only later", async () => {
  answer(`echo "Error: No such container: ${NAME}" >&2`);
  abandon(NAME);
  expect(await endAbandonedContainers(folder)).toBe(0);
  expect(left()).toEqual([NAME]);
  abandon(NAME, { sinceMs: Date.now() - 3_600_000 });
  expect(await endAbandonedContainers(folder)).toBe(0);
  expect(left()).toEqual([]);
});

test("without an answer it stays on record, and this process does not ask again", async () => {
  const name = "greenlight-00000000000000aa";
  answer("echo 'Cannot connect to the Docker daemon' >&2; exit 1");
  abandon(name);
  expect(await endAbandonedContainers(folder)).toBe(0);
  expect(await endAbandonedContainers(folder)).toBe(0);
  expect(calls().split("\n")).toHaveLength(2);
  expect(left()).toEqual([name]);
});

test("a foreign file, a broken record and variables that steer more than Docker are not believed", async () => {
  answer('echo "$4"');
  expect(await endAbandonedContainers(folder)).toBe(0);
  abandon(NAME, { docker: { LD_PRELOAD: "/x.so" } });
  abandon("greenlight-1111111111111111", { name: "--all" });
  writeFileSync(join(folder, "containers", "-f"), "{}");
  writeFileSync(join(folder, "containers", "greenlight-2222222222222222"), '{"name":');
  expect(await endAbandonedContainers(folder)).toBe(0);
  expect(recordedContainers(folder)).toEqual([]);
  expect(() => recordContainer(folder, "../x", {})).toThrow(RangeError);
});
