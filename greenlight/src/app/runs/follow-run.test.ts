import { describe, expect, test } from "vitest";

import { ownIdentity } from "../../base/process-identity.ts";
import { systemClock } from "../../base/system-clock.ts";
import type { EventBody, RunEvent } from "../../engine/event.ts";
import { followRun } from "./follow-run.ts";

const STARTED: EventBody = {
  type: "run-started",
  project: "films",
  pipeline: "delivery",
  trigger: { kind: "manual", branch: null, commit: null, isDirty: false, who: "ada" },
  selection: "branch",
  stages: [],
  finally: [],
  dropped: [],
  greenlightVersion: "0",
  nodeVersion: "26",
  platform: "linux-x64",
  engine: ownIdentity(),
};
const ENDED: EventBody = { type: "run-ended", outcome: "failed", durationMs: 1, pending: [] };
const RETRIED: EventBody = { ...STARTED, type: "run-resumed", mode: "retry", by: "ada", why: "asked", again: [] };

/** A store to which `later` is appended, one batch at each look after the first. */
function storeOf(first: readonly EventBody[], ...later: readonly (readonly EventBody[])[]) {
  const events: RunEvent[] = [];
  const add = (bodies: readonly EventBody[]): void => {
    for (const body of bodies)
      events.push({ runId: "r", sequence: events.length + 1, at: "2026-01-01T00:00:00Z", ...body });
  };
  add(first);
  let looks = 0;
  return {
    events: async (_runId: string, after = 0) => {
      if (looks > 0) add(later[looks - 1] ?? []);
      looks += 1;
      return events.filter(({ sequence }) => sequence > after);
    },
  };
}

async function follow(runs: ReturnType<typeof storeOf>, signal = new AbortController().signal) {
  const seen: string[] = [];
  const clock = { ...systemClock, sleep: async () => undefined };
  const events = followRun({ runs, runId: "r", clock, signal, onEvent: (event) => seen.push(event.type) });
  return { seen, events: await events };
}

describe("following a run", () => {
  test("tells each event once, in order, until the run has ended", async () => {
    const warned: EventBody = { type: "cancel-requested", by: "ada", why: "enough" };
    const { seen, events } = await follow(storeOf([STARTED], [], [warned], [], [ENDED]));
    expect(seen).toEqual(["run-started", "cancel-requested", "run-ended"]);
    expect(events).toHaveLength(3);
  });

  test("goes on over an end that a retry followed, and ends at once with a run that has ended", async () => {
    expect((await follow(storeOf([STARTED, ENDED, RETRIED], [ENDED]))).seen).toHaveLength(4);
    expect((await follow(storeOf([STARTED, ENDED]))).seen).toEqual(["run-started", "run-ended"]);
  });

  test("a run whose engine is gone ends it with the way on, after the last events were told", async () => {
    const gone: EventBody = { ...STARTED, engine: { pid: ownIdentity().pid, startTime: "another" } } as EventBody;
    await expect(follow(storeOf([gone]))).rejects.toThrow(/RUN_INTERRUPTED[\s\S]*greenlight resume r/u);
    expect((await follow(storeOf([gone], [ENDED]))).seen).toEqual(["run-started", "run-ended"]);
  });

  test("an unknown run and a person who wants no more", async () => {
    await expect(follow(storeOf([]))).rejects.toThrow(/RUN_UNKNOWN/u);
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await expect(follow(storeOf([STARTED]), controller.signal)).rejects.toThrow("enough");
  });
});
