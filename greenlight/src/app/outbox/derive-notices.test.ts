import { expect, test } from "vitest";

import type { DeploymentRecord, DeploymentStateName } from "../../deployment/environment.ts";
import { deriveNotices } from "./derive-notices.ts";
import { recordAt } from "./testing/sample-records.ts";

const URL = "https://films.example.com";

/** Newest first, as one text a deployment. */
function story(...records: readonly DeploymentRecord[]): string[] {
  return deriveNotices(records, URL).map(({ notices }) => notices.map(({ state }) => state).join(" "));
}

test("a deployment that goes well is created, in progress and live, and replaced once another one is live", () => {
  expect(story(recordAt(1, "succeeded"))).toEqual(["created in-progress live"]);
  expect(story(recordAt(2, "baking"), recordAt(1, "succeeded"))).toEqual([
    "created in-progress",
    "created in-progress live",
  ]);
  expect(story(recordAt(3, "succeeded"), recordAt(2, "aborted"), recordAt(1, "succeeded"))).toEqual([
    "created in-progress live",
    "created in-progress failed",
    "created in-progress live replaced",
  ]);
});

test("what was live when the environment was stopped is stopped once, also when another one is live later", () => {
  const stopped = recordAt(1, "succeeded", { stoppedAt: "2026-01-02T00:00:00.000Z" });
  expect(story(stopped)).toEqual(["created in-progress live stopped"]);
  expect(story(recordAt(2, "succeeded"), stopped)).toEqual([
    "created in-progress live",
    "created in-progress live stopped",
  ]);
});

test("what was replaced stays so, by the one that came next", () => {
  const notices = deriveNotices([recordAt(3, "succeeded"), recordAt(2, "succeeded"), recordAt(1, "succeeded")], URL);
  expect(notices.at(-1)?.notices.at(-1)?.description).toBe("replaced by films-2");
});

test("a deployment that did not go well is told as what it was", () => {
  const failure = { kind: "failed", why: "green was never ready" };
  expect(ended("aborted", { failure })).toBe("created in-progress failed");
  expect(ended("rolled-back", { failure })).toBe("created in-progress failed");
  expect(ended("needs-human", { failure })).toBe("created in-progress errored");
  expect(ended("aborted", { interruption: { kind: "superseded", why: "a newer one" } })).toBe(
    "created in-progress withdrawn",
  );
  expect(ended("aborted", { interruption: { kind: "abandoned", why: "killed" } })).toBe("created in-progress errored");
});

test("one that waits for a person says so", () => {
  const [waiting] = deriveNotices(
    [
      recordAt(1, "preflight", {
        transitions: [{ state: "awaiting-approval", at: "2026-01-01T00:00:00Z", why: "asks" }],
      }),
    ],
    URL,
  );
  expect(waiting?.notices.map(({ state, description }) => `${state}: ${description}`)).toEqual([
    "created: films-1: run r1 of main",
    "waiting: waits for an approval",
  ]);
});

test("a growing record only adds notices at the end", () => {
  const states: readonly DeploymentStateName[] = ["queued", "preflight", "starting-green", "baking", "succeeded"];
  const lists = states.map((state) => deriveNotices([recordAt(1, state)], URL)[0]?.notices.map(({ id }) => id) ?? []);
  for (const [index, list] of lists.entries()) {
    const before = lists[index - 1] ?? [];
    expect(list.slice(0, before.length)).toEqual(before);
  }
});

test("a deployment of an unknown commit has none", () => {
  expect(story(recordAt(1, "succeeded", { commit: null }))).toEqual([]);
});

/** The states told of a deployment that ended in `state`. */
function ended(state: DeploymentStateName, change: object): string {
  return story(recordAt(1, state, { ...change }))[0] ?? "";
}
