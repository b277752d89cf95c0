import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, test } from "vitest";

import { FakeGithub } from "../../adapters/codehosts/github/testing/fake-github.ts";
import { systemClock } from "../../base/system-clock.ts";
import type { DeploymentRecord } from "../../deployment/environment.ts";
import { openDeploymentNotices, type DeploymentNotices } from "./deployment-notices.ts";
import { retryNotices, untoldNotices } from "./review-notices.ts";
import { COMMITS, recordAt } from "./testing/sample-records.ts";

const TELLER = fileURLToPath(new URL("testing/doomed-teller.ts", import.meta.url));
const GITHUB = fileURLToPath(new URL("../../adapters/codehosts/github/index.ts", import.meta.url));
const CODE_HOST = { kind: "github", module: `./${GITHUB.slice(1)}`, options: {} };
const TOKEN = "ghs_0123456789";
let fake: FakeGithub;
let stateFolder: string;
let records: DeploymentRecord[];
const lines: string[] = [];

beforeEach(async () => {
  fake = await FakeGithub.start({ token: TOKEN, commits: COMMITS });
  stateFolder = await mkdtemp(join(tmpdir(), "greenlight-notices-"));
  records = [];
  lines.length = 0;
});
afterEach(async () => {
  await fake.close();
  await rm(stateFolder, { recursive: true, force: true });
});

function environment(change: Record<string, string> = {}): Record<string, string> {
  return { GITHUB_REPOSITORY: "shop/films", GITHUB_TOKEN: TOKEN, GITHUB_API_URL: fake.url, ...change };
}

function open(
  change: { env?: Record<string, string>; flushMs?: number; isAbsenceKnown?: boolean } = {},
): Promise<DeploymentNotices> {
  return openDeploymentNotices({
    codeHost: CODE_HOST,
    projectFolder: "/",
    stateFolder,
    url: async () => "https://films.example.com",
    history: async () => records,
    env: change.env ?? environment(),
    clock: systemClock,
    log: (line) => lines.push(line),
    flushMs: change.flushMs ?? 5000,
    ...(change.isAbsenceKnown === undefined ? {} : { isAbsenceKnown: change.isAbsenceKnown }),
  });
}

function keepLine(line: string): void {
  lines.push(line);
}

function isPost(line: string): boolean {
  return line.startsWith("POST");
}

/** A deployment of this minute. */
function fresh(state: Parameters<typeof recordAt>[1]): DeploymentRecord {
  const record = recordAt(1, state);
  const transitions = record.transitions.map((each) => ({ ...each, at: new Date().toISOString() }));
  return { ...record, transitions };
}

test("GitHub is told while the deployment goes on", async () => {
  const notices = await open();
  records = [fresh("starting-green")];
  notices.changed();
  await expect.poll(() => fake.story, { timeout: 5000 }).toEqual(["production aaaa: in_progress"]);
  records = [fresh("succeeded")];
  await notices.close();
  expect(fake.story).toEqual(["production aaaa: in_progress success"]);
  expect(lines).toEqual([]);
});

test("a record that is written late is told all the same, while the deployment waits for a person", async () => {
  const notices = await open();
  notices.changed();
  const waiting = { state: "awaiting-approval", at: new Date().toISOString(), why: "asks" } as const;
  setTimeout(() => (records = [{ ...fresh("queued"), transitions: [waiting] }]), 1000);
  await expect.poll(() => fake.story, { timeout: 8000 }).toEqual(["production aaaa: pending"]);
  await notices.close();
});

test("a GitHub that does not answer holds nobody up, and a later command goes on", async () => {
  records = [fresh("succeeded")];
  fake.fate = () => "hang";
  const notices = await open({ flushMs: 300 });
  const closingAt = performance.now();
  await notices.close();
  expect(performance.now() - closingAt).toBeLessThan(1500);
  expect(lines).toEqual(["github shop/films is not told of everything yet; a later run goes on"]);
  fake.fate = () => "served";
  await (await open()).close();
  expect(fake.story).toEqual(["production aaaa: in_progress success"]);
});

test("what GitHub refuses is told once with its remedy", async () => {
  records = [fresh("succeeded")];
  const env = environment({ GITHUB_TOKEN: "ghs_expired" });
  for (let command = 0; command < 3; command += 1) await (await open({ env })).close();
  expect(lines).toEqual([
    expect.stringMatching(/^NOTICE_REFUSED: github shop\/films: .*HTTP 401: Bad credentials; give a GITHUB_TOKEN/u),
  ]);
  expect(fake.requests).toHaveLength(1);
});

test("a person sees what was refused, and has it told once the reason is mended", async () => {
  records = [fresh("succeeded")];
  await (await open({ env: environment({ GITHUB_TOKEN: "ghs_expired" }) })).close();
  const states = ["created", "in-progress", "live"];
  const why = "HTTP 401: Bad credentials";
  expect(await untoldNotices(stateFolder)).toMatchObject([{ releaseId: "films-1", states, parked: { why } }]);
  const place = { folder: "/", stateFolder, configPath: "/greenlight.config.ts" };
  await retryNotices({
    place,
    blueprint: { codeHost: CODE_HOST },
    env: environment(),
    clock: systemClock,
    log: keepLine,
  });
  expect(await untoldNotices(stateFolder)).toEqual([]);
  expect(fake.story).toEqual(["production aaaa: in_progress success"]);
});

test("an environment that can't be read, and a code host that can't be loaded, are no reason to fail", async () => {
  const notices = await openDeploymentNotices({
    codeHost: CODE_HOST,
    projectFolder: "/",
    stateFolder,
    url: async () => "",
    history: () => Promise.reject(new Error("no connection")),
    env: environment(),
    clock: systemClock,
    log: (line) => lines.push(line),
  });
  notices.changed();
  await notices.close();
  expect(lines).toEqual([expect.stringContaining("NOTICE_DELAYED: github shop/films: is told later: no connection")]);
  await (await open({ env: {} })).close();
  expect(lines.at(-1)).toBe("github is not told of deployments: GITHUB_REPOSITORY is not set");
  const toldCount = lines.length;
  await (await open({ env: {}, isAbsenceKnown: true })).close();
  expect(lines).toHaveLength(toldCount);
});

test(
  "a command that is killed at any of its changes, before or after GitHub made it, leaves nothing untold or told twice",
  { timeout: 120_000 },
  async () => {
    records = [fresh("succeeded")];
    const file = join(stateFolder, "records.json");
    await writeFile(file, JSON.stringify(records));
    let kills = 0;
    for (const isDone of process.env["GREENLIGHT_HEAVY"] === "1" ? [false, true] : [true]) {
      fake.deployments.length = 0;
      await rm(join(stateFolder, "outbox"), { recursive: true, force: true });
      for (let life = 1; ; life += 1) {
        const child = spawn(process.execPath, [TELLER, stateFolder, file], {
          env: { ...environment(), PATH: process.env["PATH"] ?? "" },
          stdio: "inherit",
        });
        const ended = once(child, "exit");
        const postsBefore = fake.requests.filter(isPost).length;
        // Each of the three changes is once the one at which it dies: what is done is not done again by the next life.
        const victim = isDone ? 1 : Math.min(life, 2);
        fake.fate = (line) => {
          if (!isPost(line) || fake.requests.filter(isPost).length - postsBefore !== victim) return "served";
          if (isDone) setTimeout(() => child.kill("SIGKILL"), 30);
          else child.kill("SIGKILL");
          return isDone ? "lost" : "reset";
        };
        const [, signal] = (await ended) as [number | null, string | null];
        if (signal === null) break;
        kills += 1;
      }
      expect(fake.story).toEqual(["production aaaa: in_progress success"]);
    }
    expect(kills).toBeGreaterThanOrEqual(3);
  },
);
