import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Clock } from "../../base/clock.ts";
import type { EventBody } from "../../engine/event.ts";
import { waitUntil } from "../../keeper/testing/wait-until.ts";
import { StoreLayout } from "./store-layout.ts";
import { bodies, chunksIn, ended, LedRun, RUN, stepEnded } from "./testing/led-run.ts";
import { Machines } from "./testing/machines.ts";
import { fastClock, keyOf } from "./testing/store-rig.ts";

/** A lease of 30 seconds is over in three quarters of one. */
const FAST = fastClock(40);

let machines: Machines;

beforeEach(() => {
  machines = new Machines({ clock: FAST });
});
afterEach(() => machines.dispose());

describe("a run's record, while it is written", () => {
  test("never speaks of a result that is not in the store yet", async () => {
    // A record that waits for its results gives up after a minute, which the fast clock would make a second: too little where
    // the disk is busy. So this one never gives up.
    const patient: Clock = {
      now: () => FAST.now(),
      sleep: (ms, signal) => (ms < 60_000 ? FAST.sleep(ms, signal) : waitFor(signal)),
    };
    const run = new LedRun(machines.add({ clock: patient })).begin();
    await run.tell(...bodies(0));
    for (let step = 0; step < 40; step += 1) {
      const { key } = await run.machine.keepResult(`step ${step}`, Buffer.alloc(400_000, step));
      await run.tell({ ...stepEnded(`step ${step}`), manifestDigest: key } as EventBody);
    }
    await waitUntil("the whole record", () => {
      const steps = toldSteps();
      const layout = new StoreLayout("films");
      // By name: a list of all files could be torn by one that goes while it is made.
      const missing = steps.filter((step) => !existsSync(join(machines.shared, layout.cacheEntry(keyOf(step)))));
      expect(missing).toEqual([]);
      return steps.length === 40 ? true : null;
    });
    await run.recorder?.close();
  });

  test("fences a writer that stood still: it is told, stops, and its late events never get in", async () => {
    const frozen: Clock = { now: () => FAST.now(), sleep: async (_ms, signal) => waitFor(signal) };
    const first = new LedRun(machines.add({ clock: frozen })).begin();
    await first.tell(...bodies(1));
    await waitUntil("the first piece", () => (chunksIn(machines.shared).length > 0 ? true : null));
    const second = new LedRun(machines.add());
    await second.resume();
    await second.tell(stepEnded("by the second"));
    await waitUntil("the second's piece", () => (chunksIn(machines.shared).length > 2 ? true : null));
    // Its pause ends when it is closed; then it tries to go on.
    await first.tell(stepEnded("too late"));
    await first.recorder?.close();
    expect(first.takenOver.map((each) => each.code)).toEqual(["RUN_TAKEN_OVER"]);
    await second.tell(ended);
    await second.recorder?.close();
    const third = await new LedRun(machines.add()).resume();
    expect(third.events.map((each) => (each.type === "step-ended" ? each.step : each.type))).toContain("by the second");
    expect(JSON.stringify(third.events)).not.toContain("too late");
    // The first machine now knows another story of the run, which it must not go on with.
    await machines.kill(first.machine);
    const back = new LedRun(machines.add({ folder: first.machine.folder }));
    await third.recorder.close();
    await expect(back.resume()).rejects.toThrow(/RUN_TAKEN_OVER.*differ from event 3/u);
  });

  test("tells a writer whose lease was taken, before it tries to write", async () => {
    const first = new LedRun(machines.add()).begin();
    await first.tell(...bodies(1));
    await waitUntil("the first piece", () => (chunksIn(machines.shared).length > 0 ? true : null));
    rmSync(join(machines.shared, "films/runs", RUN, "lease.json"));
    const second = new LedRun(machines.add());
    await second.resume().catch(() => undefined);
    // Whichever of the two got the free lease, the other one knows.
    const told = await waitUntil("one to give way", () =>
      second.recorder === null || first.takenOver.length > 0 ? true : null,
    );
    expect(told).toBe(true);
  });

  test("of thousands of steps is written in few pieces, while the run goes on", async () => {
    const first = new LedRun(machines.add()).begin();
    const startedAt = performance.now();
    await first.tell(...bodies(3000), ended);
    const tookMs = performance.now() - startedAt;
    await first.recorder?.close();
    expect(chunksIn(machines.shared).length).toBeLessThan(10 + (tookMs / 1000) * 80);
    expect((await new LedRun(machines.add()).resume()).imported).toBe(3002);
  });
});

/** The steps of which the record in the store says something. */
function toldSteps(): string[] {
  const folder = join(machines.shared, "films/runs", RUN, "events");
  const texts = chunksIn(machines.shared).map((name) => readFileSync(join(folder, name), "utf8"));
  return texts.flatMap((text) => [...text.matchAll(/"step":"(step \d+)"/gu)].map((found) => found[1] ?? ""));
}

async function waitFor(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((_resolve, reject) => {
    const end = (): void => reject(new Error("ended"));
    if (signal?.aborted === true) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}
