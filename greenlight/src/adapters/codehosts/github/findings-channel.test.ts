import { randomBytes } from "node:crypto";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { FindingsAnswer } from "../../../app/findings/findings-channel.ts";
import { parseUploadLog } from "../../../app/findings/upload-log.ts";
import { githubFindings } from "./findings-channel.ts";
import { githubClient } from "./github-client.ts";
import { openFindingsChannel } from "./index.ts";
import { FakeCodeScanning } from "./testing/fake-code-scanning.ts";

const TOKEN = "ghs_0123456789";
const PLACE = { repository: "shop/films", commit: "a".repeat(40), ref: "refs/heads/main" };
let fake: FakeCodeScanning;

beforeEach(async () => {
  fake = await FakeCodeScanning.start(TOKEN);
});
afterEach(() => fake.close());

function upload(runs: readonly object[], token = TOKEN, largestBytes?: number): Promise<FindingsAnswer> {
  const log = parseUploadLog(JSON.stringify({ version: "2.1.0", runs }));
  if (!log.ok) throw new Error(log.error);
  const client = githubClient({ apiUrl: fake.url, token, timeoutMs: 60_000 });
  return githubFindings(client, PLACE, { lookMs: 1, ...(largestBytes === undefined ? {} : { largestBytes }) }).upload(
    log.value,
    new AbortController().signal,
  );
}

function run(name: string, levels: readonly string[], byteCount = 0): object {
  const locations = [{ physicalLocation: { artifactLocation: { uri: "a.ts" } } }];
  return {
    tool: { driver: { name } },
    results: levels.map((level) => ({
      level,
      message: { text: `${name} ${randomBytes(byteCount).toString("base64")}` },
      locations,
    })),
  };
}

test("a log arrives packed, for its commit and ref, and is uploaded once GitHub has processed it", async () => {
  expect(await upload([run("lint", ["error", "note"])])).toEqual({
    kind: "uploaded",
    id: "sarif-1",
    resultCount: 2,
    notes: [],
  });
  expect(fake.taken).toMatchObject([{ commit: PLACE.commit, ref: PLACE.ref, log: { runs: [{ results: [{}, {}] }] } }]);
});

test("of too many tools and results the worst are kept, and that is said", async () => {
  const many = Array.from({ length: 25_001 }, (_, index) => (index === 25_000 ? "error" : "note"));
  const runs = [...Array.from({ length: 20 }, (_, index) => run(`t${index}`, ["warning"])), run("big", many)];
  expect(await upload(runs)).toMatchObject({
    kind: "uploaded",
    resultCount: 25_019,
    notes: ["1 of 21 tools left out: no more than 20 are taken", "the worst 25000 of 25001 findings of big"],
  });
  const big = fake.taken[0]?.log.runs.at(-1);
  expect(big?.results[0]).toMatchObject({ level: "error" });
});

test("a log that stays too large when packed is cut until it fits", async () => {
  expect(await upload([run("big", ["note", "error", "warning"], 4 * 1024)], TOKEN, 8 * 1024)).toMatchObject({
    kind: "uploaded",
    resultCount: 1,
  });
  expect(fake.taken[0]?.log.runs[0]?.results).toMatchObject([{ level: "error" }]);
  expect(fake.taken[0]?.bytes).toBeLessThanOrEqual(8 * 1024);
});

test("refusals have their remedies, and faults may pass", async () => {
  fake.refusals.push({ status: 403, message: "Code scanning is not enabled for this repository" });
  expect(await upload([run("a", [])])).toMatchObject({
    kind: "refused",
    why: expect.stringContaining("not enabled"),
    remedy: expect.stringContaining("switch on code scanning"),
  });
  fake.refusals.push({ status: 502, message: "no" });
  expect(await upload([run("a", [])])).toMatchObject({ kind: "later", why: "HTTP 502: no" });
  expect(await upload([run("a", [])], "ghs_another")).toMatchObject({
    kind: "refused",
    why: "HTTP 401: Bad credentials",
  });
  fake.status = { processing_status: "failed", errors: ["invalid uri"] };
  expect(await upload([run("a", [])])).toMatchObject({ kind: "refused", why: expect.stringContaining("invalid uri") });
});

test("commit and ref are those of the workflow's event, elsewhere those of the run", () => {
  const env = { GITHUB_TOKEN: TOKEN, GITHUB_REPOSITORY: "shop/films" };
  const event = { GITHUB_ACTIONS: "true", GITHUB_SHA: "b".repeat(40), GITHUB_REF: "refs/pull/7/merge" };
  const run1 = { options: {}, commit: PLACE.commit, branch: "main" };
  expect(openFindingsChannel({ ...run1, env })).toMatchObject(PLACE_OF_RUN);
  expect(openFindingsChannel({ ...run1, env: { ...env, ...event } })).toMatchObject({
    commit: event.GITHUB_SHA,
    ref: event.GITHUB_REF,
  });
  expect(openFindingsChannel({ ...run1, commit: null, env })).toEqual({
    unavailableBecause: "the commit is not known",
  });
  expect(openFindingsChannel({ ...run1, env: {} })).toEqual({ unavailableBecause: "GITHUB_REPOSITORY is not set" });
});

const PLACE_OF_RUN = { name: "github shop/films", commit: PLACE.commit, ref: PLACE.ref };
