import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { githubChannel } from "../../adapters/codehosts/github/github-channel.ts";
import { githubClient } from "../../adapters/codehosts/github/github-client.ts";
import { FakeGithub, type Fate } from "../../adapters/codehosts/github/testing/fake-github.ts";
import type { Clock } from "../../base/clock.ts";
import { seededRandom } from "../../statistics/random.ts";
import { createCourier, type Courier } from "./courier.ts";
import { feedOutbox } from "./feed-outbox.ts";
import type { OutboxItem } from "./outbox-item.ts";
import { openOutboxStore, type OutboxStore } from "./outbox-store.ts";
import { COMMITS, recordAt } from "./testing/sample-records.ts";

const TOKEN = "ghs_0123456789";
const URL = "https://films.example.com";
const NEVER = new AbortController().signal;
const RECORDS = [recordAt(3, "succeeded"), recordAt(2, "rolled-back"), recordAt(1, "succeeded")];
/** As GitHub should know them in the end, whatever happens on the way. */
const STORY = [
  "production aaaa: in_progress success inactive",
  "production bbbb: in_progress failure",
  "production cccc: in_progress success",
];
let fake: FakeGithub;
let folder: string;
let now: number;
const clock: Clock = { now: () => now, sleep: async () => {} };
const parked: OutboxItem[] = [];

beforeEach(async () => {
  fake = await FakeGithub.start({ token: TOKEN, commits: COMMITS });
  folder = await mkdtemp(join(tmpdir(), "greenlight-outbox-"));
  now = Date.UTC(2026, 0, 1, 1);
  parked.length = 0;
});
afterEach(async () => {
  await fake.close();
  await rm(folder, { recursive: true, force: true });
});

function courierOf(store: OutboxStore, token = TOKEN): Courier {
  const client = githubClient({ apiUrl: fake.url, token, timeoutMs: 200 });
  const place = { repository: "shop/films", serverUrl: "https://github.com", production: [], transient: [] };
  const channel = githubChannel(client, place);
  return createCourier({ store, channel, clock, random: () => 0.5, onParked: (item) => parked.push(item) });
}

async function feed(store: OutboxStore, records = RECORDS): Promise<boolean> {
  return feedOutbox(store, { channel: "github shop/films", records, url: URL, now });
}

/** Passes until nothing is left, the clock set to each next attempt. Answers how many there were. */
async function deliverAll(courier: Courier): Promise<number> {
  for (let pass = 1; pass < 2000; pass += 1) {
    if (pass > 50) await sleep(1);
    const nextAt = await courier.deliverDue(NEVER);
    if (nextAt === null) return pass;
    now = Math.max(now, nextAt);
  }
  throw new Error("never done");
}

/** In the order of the story, whatever order they were made in. */
function story(): readonly string[] {
  return fake.story.toSorted();
}

test("what is fed is delivered once, and feeding it again puts nothing in", async () => {
  const store = openOutboxStore(folder);
  // The first deployment went on where this outbox heard of it.
  await feed(store, [recordAt(1, "succeeded")]);
  await deliverAll(courierOf(store));
  expect(await feed(store)).toBe(true);
  await deliverAll(courierOf(store));
  expect(story()).toEqual(STORY);
  const before = fake.requests.length;
  expect(await feed(store)).toBe(false);
  await deliverAll(courierOf(store));
  expect(fake.requests.length).toBe(before);
});

test("without what was marked, as on another machine, nothing is told twice and nothing is left out", async () => {
  await feed(openOutboxStore(folder), [recordAt(1, "succeeded")]);
  await deliverAll(courierOf(openOutboxStore(folder)));
  for (const machine of ["a", "b", "c"]) {
    const store = openOutboxStore(join(folder, machine));
    await feed(store);
    await deliverAll(courierOf(store));
  }
  expect(story()).toEqual(STORY);
});

test("a courier that dies at any write of the outbox tells everything once all the same", async () => {
  await feed(openOutboxStore(folder), [recordAt(1, "succeeded")]);
  await deliverAll(courierOf(openOutboxStore(folder)));
  let kills = 0;
  for (const isWritten of [false, true]) {
    // As many lives as there are writes to die at; what is done stays done, so there are ever fewer.
    for (let life = 1; life < 100; life += 1) {
      const store = openOutboxStore(folder);
      const dying: OutboxStore = {
        ...store,
        write: async (item) => {
          if (isWritten) await store.write(item);
          throw new Error("killed");
        },
      };
      const isKilled = await feed(dying)
        .then(() => deliverAll(courierOf(dying)))
        .then(
          () => false,
          (error: Error) => error.message === "killed",
        );
      if (!isKilled) break;
      kills += 1;
      // Before the write nothing goes on: such a life ends where it began.
      if (!isWritten && life >= 3) break;
    }
  }
  expect(kills).toBeGreaterThan(8);
  await feed(openOutboxStore(folder));
  await deliverAll(courierOf(openOutboxStore(folder)));
  expect(story()).toEqual(STORY);
});

test("whatever GitHub answers for a while, each state arrives once and in order", { timeout: 60_000 }, async () => {
  const seed = Number(process.env["GREENLIGHT_SEED"] ?? 20_260_101);
  const random = seededRandom(seed);
  const fates: readonly Fate[] = [
    "served",
    "lost",
    "unknown",
    "reset",
    { status: 500 },
    { status: 429, headers: { "retry-after": "3" } },
    { status: 403, headers: { "x-ratelimit-remaining": "0" } },
  ];
  for (let round = 0; round < 12; round += 1) {
    fake.deployments.length = 0;
    let faults = 0;
    fake.fate = () => {
      const fate = fates[Math.floor(random.next() * fates.length)] ?? "served";
      faults += fate === "served" ? 0 : 1;
      return faults > 40 ? "served" : fate;
    };
    const store = openOutboxStore(join(folder, String(round)));
    await feed(store, [recordAt(1, "succeeded")]);
    await deliverAll(courierOf(store));
    await feed(store);
    await deliverAll(courierOf(store));
    expect(story(), `seed ${seed}, round ${round}`).toEqual(STORY);
    expect(parked).toEqual([]);
  }
});

test("a hanging GitHub costs one time-out and is asked again", async () => {
  const store = openOutboxStore(folder);
  await feed(store, [recordAt(1, "succeeded")]);
  fake.fate = (_line, count) => (count <= 2 ? "hang" : "served");
  await deliverAll(courierOf(store));
  expect(fake.story).toEqual(["production aaaa: in_progress success"]);
});

test("a refusal is told once, holds up only its own subject, and is not tried again", async () => {
  const store = openOutboxStore(folder);
  const unpushed = recordAt(2, "rolled-back", { commit: "d".repeat(40) });
  await feed(store, [unpushed, recordAt(1, "succeeded")]);
  await deliverAll(courierOf(store));
  const before = fake.requests.length;
  await deliverAll(courierOf(store));
  expect(parked.map(({ subject }) => subject)).toEqual([unpushed.id]);
  expect(fake.requests.length).toBe(before);
  expect(fake.story).toEqual(["production aaaa: in_progress success"]);
});

test("a later deployment waits for an earlier one of its environment, and that one was replaced is told last", async () => {
  const store = openOutboxStore(folder);
  await feed(store, [recordAt(1, "succeeded")]);
  await feed(store, [recordAt(2, "succeeded", { environment: "staging" })]);
  await feed(store, [recordAt(4, "succeeded"), recordAt(1, "succeeded")]);
  const told: string[] = [];
  fake.fate = (line, count) => {
    if (!line.startsWith("POST")) return "served";
    told.push(line.replace(/\d+/u, "N"));
    return count < 12 ? { status: 503 } : "served";
  };
  await deliverAll(courierOf(store));
  expect(fake.story.filter((line) => line.startsWith("production"))).toEqual([
    "production aaaa: in_progress success inactive",
    "production aaaa: in_progress success",
  ]);
  const [earlier, later] = fake.deployments.filter(({ environment }) => environment === "production");
  const idOf = (deployment: typeof earlier, state: string): number =>
    deployment?.statuses.find((each) => each.state === state)?.id ?? 0;
  expect(idOf(earlier, "inactive")).toBeGreaterThan(idOf(later, "success"));
  expect(told.length).toBeGreaterThan(9);
});

test("two couriers of one outbox take turns", async () => {
  const store = openOutboxStore(folder);
  await feed(store, [recordAt(1, "succeeded")]);
  const unlock = await store.lock();
  expect(await courierOf(openOutboxStore(folder)).deliverDue(NEVER)).toBeGreaterThan(now);
  expect(fake.requests).toEqual([]);
  await unlock?.();
  await Promise.all([deliverAll(courierOf(store)), deliverAll(courierOf(openOutboxStore(folder)))]);
  expect(fake.story).toEqual(["production aaaa: in_progress success"]);
});

test("old history is no news, but for what is live and what it replaced", async () => {
  now = Date.UTC(2026, 5, 1);
  const store = openOutboxStore(folder);
  const records = [5, 4, 3, 2, 1].map((number) => recordAt(number, number === 4 ? "aborted" : "succeeded"));
  await feed(store, records);
  await deliverAll(courierOf(store));
  expect(fake.story).toEqual(["production bbbb: in_progress success"]);
});
