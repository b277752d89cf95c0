import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { timeOrderedId } from "../../base/ids.ts";
import { manifestDigest } from "../../engine/manifests/manifest.ts";
import { waitUntil } from "../../keeper/testing/wait-until.ts";
import type { RunRecorder } from "./run-recorder.ts";
import { bodies, chunksIn, ended, LedRun, MANIFEST, RUN, stepEnded } from "./testing/led-run.ts";
import { Machines } from "./testing/machines.ts";
import { fastClock } from "./testing/store-rig.ts";

/** A lease of 30 seconds is over in three quarters of one. */
const FAST = fastClock(40);

let machines: Machines;

beforeEach(() => {
  machines = new Machines({ clock: FAST });
});
afterEach(() => machines.dispose());

describe("a run's record in the shared store", () => {
  test("lets another machine go on where the first one ended, with events, manifests and logs", async () => {
    const first = new LedRun(machines.add()).begin();
    mkdirSync(join(first.machine.folder, "logs"));
    writeFileSync(join(first.machine.folder, "logs/step 1.log"), "what step 1 wrote\n");
    await first.tell(...bodies(3));
    await first.recorder?.close();
    await first.machine.store.flush();

    const second = new LedRun(machines.add());
    expect(await second.machine.store.records.read(RUN)).toEqual(await first.machine.runs.events(RUN));
    expect(await second.machine.store.records.read("01jd00000000zzzz")).toEqual([]);
    const resumed = await second.resume();
    expect(resumed.imported).toBe(4);
    expect(await second.machine.runs.events(RUN)).toEqual(await first.machine.runs.events(RUN));
    expect(await second.machine.runs.manifest(manifestDigest(MANIFEST))).toEqual(MANIFEST);
    expect(await second.machine.runs.lastSuccess({ pipeline: "delivery", step: "step 2" })).toMatchObject({
      runId: RUN,
    });
    const log = join(second.machine.folder, "step-1.log");
    await second.machine.store.blobs.copyTo(resumed.logs["step 1"] ?? "", log, { isExecutable: false });
    expect(readFileSync(log, "utf8")).toBe("what step 1 wrote\n");
    expect(second.waitedFor).toEqual([]);

    await second.tell(stepEnded("step 3"), ended);
    await second.recorder?.close();
    const third = new LedRun(machines.add({ env: {} }));
    expect((await third.resume()).events).toEqual(await second.machine.runs.events(RUN));
    expect(machines.codes().flat()).toEqual([]);
  });

  test("is taken over from a machine that was killed, once its lease shows no life, and nothing that got there is lost", async () => {
    const first = new LedRun(machines.add()).begin();
    await first.tell(...bodies(2));
    await waitUntil("the first piece", () => (chunksIn(machines.shared).length > 0 ? true : null));
    await machines.kill(first.machine);
    const recorded = chunksIn(machines.shared).length;
    const second = new LedRun(machines.add());
    const resumed = await second.resume();
    expect(second.waitedFor).toEqual([expect.stringContaining(`process ${process.pid} on `)]);
    expect(resumed.events.length).toBeGreaterThan(0);
    expect(chunksIn(machines.shared)).toHaveLength(recorded + 1);
  });

  test("is resumed at once in the state folder of an engine that was killed", async () => {
    const first = new LedRun(machines.add()).begin();
    await first.tell(...bodies(2));
    await waitUntil("the first piece", () => (chunksIn(machines.shared).length > 0 ? true : null));
    await machines.kill(first.machine);
    const again = new LedRun(machines.add({ folder: first.machine.folder }));
    const resumed = await again.resume();
    expect(again.waitedFor).toEqual([]);
    expect(resumed.events).toHaveLength(3);
    await again.tell(ended);
    await again.recorder?.close();
    // What the killed engine had not sent was sent now.
    expect((await new LedRun(machines.add({ env: {} })).resume()).events).toEqual(await again.machine.runs.events(RUN));
  });

  test("is not taken from a machine that is at work", async () => {
    // It renews five times faster than the others look, so that a loaded test machine makes no difference.
    const first = new LedRun(machines.add({ clock: fastClock(200) })).begin();
    await first.tell(...bodies(1));
    await waitUntil("the first piece", () => (chunksIn(machines.shared).length > 0 ? true : null));
    for (const env of [undefined, {}]) {
      const second = new LedRun(machines.add(env === undefined ? {} : { env }));
      await expect(second.resume()).rejects.toThrow(/RUN_HELD_ELSEWHERE.*process \d+ on/u);
      expect(await second.machine.runs.events(RUN)).toEqual([]);
    }
    await first.tell(ended);
    await first.recorder?.close();
    expect(first.takenOver).toEqual([]);
    expect((await new LedRun(machines.add()).resume()).events).toHaveLength(3);
  });

  test("with a piece missing, changed or moved is refused, not resumed", async () => {
    const first = new LedRun(machines.add()).begin();
    await first.tell(...bodies(1));
    await waitUntil("the first piece", () => (chunksIn(machines.shared).length > 0 ? true : null));
    await first.tell(stepEnded("next"));
    await waitUntil("the second piece", () => (chunksIn(machines.shared).length > 1 ? true : null));
    await first.tell(ended);
    await first.recorder?.close();
    const folder = join(machines.shared, "films/runs", RUN, "events");
    const names = chunksIn(machines.shared);
    expect(names.length).toBeGreaterThanOrEqual(3);
    const [one = "", two = ""] = names.map((name) => join(folder, name));
    const whole = readFileSync(two);
    const attacks: readonly (() => void)[] = [
      () => rmSync(two),
      () => writeFileSync(two, whole.subarray(0, 50)),
      () => writeFileSync(two, whole.toString().replace('"passed"', '"failed"')),
      () => writeFileSync(two, readFileSync(one)),
    ];
    for (const attack of attacks) {
      attack();
      const victim = new LedRun(machines.add());
      await expect(victim.resume()).rejects.toThrow("STORE_ENTRY_REFUSED");
      expect(await victim.machine.runs.events(RUN)).toEqual([]);
      rmSync(two, { force: true });
      writeFileSync(two, whole);
    }
    expect((await new LedRun(machines.add()).resume()).events).toHaveLength(4);
  });

  test("of a run that a machine began while the store was down is made good by a later resume", async () => {
    rmSync(machines.shared, { recursive: true });
    const first = new LedRun(machines.add()).begin();
    await first.tell(...bodies(2));
    await first.recorder?.close();
    await first.machine.store.flush();
    expect(first.machine.codes()).toEqual(["STORE_UNREACHABLE"]);
    mkdirSync(machines.shared);
    await machines.kill(first.machine);
    const again = new LedRun(machines.add({ folder: first.machine.folder }));
    expect((await again.resume()).imported).toBe(0);
    await again.tell(ended);
    await again.recorder?.close();
    expect((await new LedRun(machines.add()).resume()).events).toHaveLength(4);
  });

  test("that can't be reached stops only a machine which has no record of its own", async () => {
    const first = new LedRun(machines.add()).begin();
    await first.tell(...bodies(2));
    await first.recorder?.close();
    rmSync(machines.shared, { recursive: true });
    await machines.kill(first.machine);
    const here = new LedRun(machines.add({ folder: first.machine.folder }));
    expect((await here.resume()).events).toHaveLength(3);
    await here.tell(ended);
    await here.recorder?.close();
    expect(here.machine.codes()).toEqual(["STORE_UNREACHABLE"]);
    const elsewhere = new LedRun(machines.add());
    expect(await elsewhere.machine.store.records.read(RUN)).toBeNull();
    await expect(elsewhere.resume()).rejects.toThrow(/^STORE_UNREACHABLE: .*does not answer/u);
  });

  test("that does not exist is RUN_UNKNOWN, whatever the id looks like", async () => {
    const { runs, store } = machines.add();
    for (const runId of ["01jd00000000zzzz", "../../x", "", "한국"]) {
      const request = { ...new LedRun(machines.add()).request, runId, runs };
      await expect(store.records.resume(request)).rejects.toThrow("RUN_UNKNOWN");
    }
  });
});

test("the newest runs of all machines are listed first, with who is at work on them", async () => {
  const ids = [1, 2, 3].map((at) => timeOrderedId(1_790_000_000_000 + at * 1000, () => at));
  const open: RunRecorder[] = [];
  for (const [index, runId] of ids.entries()) {
    const on = machines.add();
    const recorder = on.store.records.begin({ ...new LedRun(on).request, runId });
    const [started] = bodies(0);
    if (started === undefined) throw new Error("no start");
    recorder.record({ runId, sequence: 1, at: `2026-11-22T00:00:0${index}.000Z`, ...started });
    if (index === 0) recorder.record({ runId, sequence: 2, at: "2026-11-22T00:00:09.000Z", ...ended });
    if (index < 2) await recorder.close();
    else open.push(recorder);
  }
  const reader = machines.add({ env: {} });
  const latest = await waitUntil("the third run", async () => {
    const found = await reader.store.records.latest(10);
    return found?.length === 3 ? found : null;
  });
  expect(latest.map(({ summary, isLive }) => [summary.id, summary.outcome, isLive])).toEqual([
    [ids[2], "running", true],
    [ids[1], "running", false],
    [ids[0], "passed", false],
  ]);
  expect(await reader.store.records.latest(1)).toHaveLength(1);
  for (const recorder of open) await recorder.close();
});
