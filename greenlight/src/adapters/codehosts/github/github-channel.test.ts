import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { deriveNotices } from "../../../app/outbox/derive-notices.ts";
import type { DeliveryAnswer } from "../../../app/outbox/notice-channel.ts";
import type { Notice } from "../../../app/outbox/notice.ts";
import { COMMITS, recordAt } from "../../../app/outbox/testing/sample-records.ts";
import { githubChannel } from "./github-channel.ts";
import { githubClient } from "./github-client.ts";
import { openNoticeChannel } from "./index.ts";
import { FakeGithub } from "./testing/fake-github.ts";

const TOKEN = "ghs_0123456789";
const NEVER = new AbortController().signal;
const URL = "https://films.example.com";
const [PRESENT, PAST] = deriveNotices([recordAt(2, "succeeded"), recordAt(1, "succeeded")], URL).map(
  (each) => each.notices,
);
let fake: FakeGithub;

beforeEach(async () => {
  fake = await FakeGithub.start({ token: TOKEN, commits: COMMITS });
});
afterEach(() => fake.close());

function channel(change: { repository?: string; token?: string } = {}) {
  const client = githubClient({ apiUrl: fake.url, token: change.token ?? TOKEN, timeoutMs: 300 });
  const { repository = "shop/films" } = change;
  return githubChannel(client, {
    repository,
    serverUrl: "https://github.com",
    production: ["production"],
    transient: [],
  });
}

/** Delivers all of them in order and resolves to the last answer, the first one that is no delivery. */
async function deliverAll(
  notices: readonly Notice[] = [],
  how: { isUncertain?: boolean; mayCreate?: boolean; to?: ReturnType<typeof channel> } = {},
): Promise<DeliveryAnswer> {
  const { isUncertain = true, mayCreate = true, to = channel() } = how;
  let answer: DeliveryAnswer = { kind: "delivered", memory: null, isNew: true };
  for (const notice of notices) {
    answer = await to.deliver({ notice, memory: answer.memory, isUncertain, mayCreate }, NEVER);
    if (answer.kind !== "delivered") return answer;
  }
  return answer;
}

describe("GitHub", () => {
  test("is told of a deployment as its API asks", async () => {
    await deliverAll(PAST);
    expect(fake.story).toEqual(["production aaaa: in_progress success inactive"]);
    const [deployment] = fake.deployments;
    expect(deployment?.body).toMatchObject({
      ref: COMMITS[0],
      task: "deploy",
      auto_merge: false,
      required_contexts: [],
      environment: "production",
      description: "films-1: run r1 of main",
      production_environment: true,
      transient_environment: false,
      payload: { greenlight: { deploymentId: recordAt(1, "succeeded").id, releaseId: "films-1", digest: "digest-1" } },
    });
    expect(deployment?.statuses[1]?.body).toMatchObject({
      state: "success",
      environment_url: URL,
      log_url: "https://github.com/shop/films/actions/runs/101",
      auto_inactive: false,
    });
  });

  test("is told nothing twice by whoever does not know what was told", async () => {
    await deliverAll(PRESENT);
    await deliverAll(PRESENT);
    expect(fake.story).toEqual(["production bbbb: in_progress success"]);
  });

  test("is not set back by a notice that another machine has overtaken", async () => {
    await deliverAll(PRESENT?.toSpliced(1, 1));
    await deliverAll(PRESENT);
    expect(fake.story).toEqual(["production bbbb: success"]);
  });

  test("is not told of what was over before anybody heard of it, but of the end of what it knows", async () => {
    expect(await deliverAll(PAST, { mayCreate: false })).toMatchObject({ kind: "delivered" });
    expect(fake.story).toEqual([]);
    await deliverAll(PAST?.slice(0, 3));
    await deliverAll(PAST, { mayCreate: false });
    expect(fake.story).toEqual(["production aaaa: in_progress success inactive"]);
  });

  test("finds its deployment among hundreds of others", async () => {
    await deliverAll(PRESENT?.slice(0, 1));
    for (let number = 4; number < 640; number += 3)
      await deliverAll(deriveNotices([recordAt(number + 1, "queued")], URL)[0]?.notices, { isUncertain: false });
    await deliverAll(PRESENT);
    expect(fake.deployments.filter(({ statuses }) => statuses.length > 0)).toHaveLength(1);
    expect(fake.story[0]).toBe("production bbbb: in_progress success");
  });

  test.each([
    ["a server error", { status: 502 }, "HTTP 502: no"],
    ["an answer that is lost", "lost", "other side closed"],
    ["a connection that breaks", "reset", "other side closed"],
    ["no answer", "hang", "no answer within 0.3 s"],
  ] as const)("%s is tried again later, and nothing comes twice", async (_name, fate, why) => {
    for (const broken of [1, 2, 3, 4]) {
      const before = fake.requests.length;
      fake.fate = (_line, count) => (count === before + broken ? fate : "served");
      const answer = await deliverAll(PRESENT);
      if (answer.kind === "later") expect(answer.why).toContain(why);
      else expect(answer.kind).toBe("delivered");
    }
    fake.fate = () => "served";
    await deliverAll(PRESENT);
    expect(fake.story).toEqual(["production bbbb: in_progress success"]);
  });

  test("what it asks to wait is handed on", async () => {
    expect(await waitFor(429, { "retry-after": "7" })).toBe(7000);
    expect(await waitFor(503, { "retry-after": "2" })).toBe(2000);
    expect(await waitFor(403, { "retry-after": "60" })).toBe(60_000);
    const reset = Math.ceil(Date.now() / 1000) + 30;
    const limited = await waitFor(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) });
    expect(limited).toBeGreaterThan(25_000);
    expect(await waitFor(403, { "x-ratelimit-remaining": "12" })).toBe(-1);
    expect(await waitFor(500, {})).toBeNull();
  });

  test("a refusal names its remedy", async () => {
    const unknown = deriveNotices([recordAt(1, "succeeded", { commit: "d".repeat(40) })], URL)[0]?.notices;
    expect(await deliverAll(PRESENT, { to: channel({ token: "ghs_another" }) })).toMatchObject({
      kind: "refused",
      why: "HTTP 401: Bad credentials",
      remedy: expect.stringContaining("GITHUB_TOKEN"),
    });
    expect(await deliverAll(PRESENT, { to: channel({ repository: "shop/other" }) })).toMatchObject({
      kind: "refused",
      why: "HTTP 404: Not Found",
      remedy: expect.stringContaining("shop/other"),
    });
    expect(await deliverAll(unknown)).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("HTTP 422: No ref found"),
      remedy: expect.stringContaining("push the commit"),
    });
  });

  test("is not followed elsewhere with the token", async () => {
    const other = await FakeGithub.start({ token: TOKEN, commits: COMMITS });
    try {
      fake.fate = () => ({ status: 301, headers: { location: `${other.url}/repos/shop/films/deployments` } });
      expect(await deliverAll(PRESENT)).toMatchObject({
        kind: "refused",
        remedy: expect.stringContaining("present name"),
      });
      expect(other.requests).toEqual([]);
    } finally {
      await other.close();
    }
  });
});

test("nobody is told without a repository or a token, and the reason is said", () => {
  expect(open({}, { GITHUB_TOKEN: TOKEN })).toEqual({ unavailableBecause: "GITHUB_REPOSITORY is not set" });
  expect(open({ repository: "a/b" }, {})).toEqual({ unavailableBecause: "GITHUB_TOKEN is not set" });
  expect(open({}, { GITHUB_TOKEN: TOKEN, GITHUB_REPOSITORY: "a/../b" })).toHaveProperty("unavailableBecause");
  expect(open({}, { GITHUB_TOKEN: TOKEN, GITHUB_REPOSITORY: "a/b" })).toMatchObject({ name: "github a/b" });
  expect(() => open({ repository: "a" }, {})).toThrow(RangeError);
});

async function waitFor(status: number, headers: Record<string, string>): Promise<number | null> {
  fake.fate = () => ({ status, headers });
  const answer = await deliverAll(PRESENT);
  return answer.kind === "later" ? answer.waitMs : -1;
}

function open(options: object, env: Record<string, string>): unknown {
  return openNoticeChannel({ options: { ...options }, env });
}
