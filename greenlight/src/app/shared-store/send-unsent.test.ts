import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { timeOrderedId } from "../../base/ids.ts";
import { EventMaker } from "../../engine/testing/make-events.ts";
import { sendUnsent, type SentRuns } from "./send-unsent.ts";
import { RUN } from "./testing/led-run.ts";
import { Machines } from "./testing/machines.ts";
import { keyOf, type Machine } from "./testing/store-rig.ts";
import { markUnsent, unsentRuns } from "./unsent-runs.ts";

let machines: Machines;

beforeEach(() => {
  machines = new Machines();
});
afterEach(() => machines.dispose());

function stateFolder(on: Machine): string {
  return join(on.folder, ".greenlight");
}

/** A run of two steps as the engine and `shareRun` lead it. */
async function runOn(on: Machine, options: { readonly isKilled?: boolean } = {}): Promise<void> {
  markUnsent(stateFolder(on), RUN);
  const logPath = (step: string): string => join(on.folder, step);
  const recorder = on.store.records.begin({ runId: RUN, runs: on.runs, logPath, onTakenOver: () => undefined });
  const made = new EventMaker(RUN);
  const events = [made.make(0, { type: "cancel-requested", by: "kim", why: "" })];
  for (const step of ["one", "two"]) {
    const { key } = await on.keepResult(step, `output of ${step}\n`.repeat(20_000));
    events.push(made.stepEnded(0, step, { manifestDigest: key }));
  }
  for (const event of events) {
    await on.runs.append(event);
    recorder.record(event);
  }
  if (options.isKilled === true) return;
  await recorder.close();
  await on.store.flush();
  expect(recorder.isWhole).toBe(existsSync(machines.shared));
}

function send(on: Machine, limitMs = 60_000): Promise<SentRuns> {
  const runIds = unsentRuns(stateFolder(on), Date.now());
  return sendUnsent({ store: on.store, stateFolder: stateFolder(on), runs: on.runs, runIds, limitMs });
}

async function expectAllThere(by: Machine): Promise<void> {
  const other = machines.add();
  expect(await other.store.records.read(RUN)).toEqual(await by.runs.events(RUN));
  for (const step of ["one", "two"]) expect(await other.store.cache.get(keyOf(step))).toMatchObject({ step });
}

describe("what was made while the shared store was down", () => {
  test("is sent once it is there again, results and record, and then no more", async () => {
    renameSync(machines.shared, `${machines.shared}.away`);
    const first = machines.add();
    await runOn(first);
    expect(first.store.missingUploads).toBeGreaterThan(0);
    renameSync(`${machines.shared}.away`, machines.shared);
    const second = await machines.later(first);
    expect(await send(second)).toEqual({ sent: [RUN], left: {} });
    await expectAllThere(second);
    expect(unsentRuns(stateFolder(second), Date.now())).toEqual([]);
    expect(second.codes()).toEqual([]);
  });

  test("of an engine that was killed, too", async () => {
    const first = machines.add();
    await runOn(first, { isKilled: true });
    const second = await machines.later(first);
    expect(await send(second)).toEqual({ sent: [RUN], left: {} });
    await expectAllThere(second);
  });

  test("of a killed engine's run that another machine has ended comes home with its end", async () => {
    const first = machines.add();
    await runOn(first, { isKilled: true });
    const second = await machines.later(first);
    await send(second);
    const other = machines.add();
    const logPath = (step: string): string => join(other.folder, step);
    const lent = { runId: RUN, runs: other.runs, logPath, onTakenOver: () => undefined, onWait: () => undefined };
    const { recorder, events } = await other.store.records.resume(lent);
    const end = { ...new EventMaker(RUN).stepEnded(0, "three"), sequence: events.length + 1 };
    await other.runs.append(end);
    recorder.record(end);
    await recorder.close();
    markUnsent(stateFolder(second), RUN);
    const later = await machines.later(second);
    expect(await send(later)).toEqual({ sent: [RUN], left: {} });
    expect(await later.runs.events(RUN)).toEqual(await other.runs.events(RUN));
    expect((await later.runs.events(RUN)).at(-1)).toMatchObject({ type: "step-ended", step: "three" });
  });

  test("waits on while it is still down, and when there is no time", async () => {
    rmSync(machines.shared, { recursive: true });
    const first = machines.add();
    await runOn(first);
    const second = await machines.later(first);
    expect((await send(second, 0)).left).toEqual({ [RUN]: "there was no time left" });
    const { sent, left } = await send(second);
    expect([sent, Object.keys(left)]).toEqual([[], [RUN]]);
    expect(unsentRuns(stateFolder(second), Date.now())).toEqual([RUN]);
    mkdirSync(machines.shared);
    expect((await send(await machines.later(second))).sent).toEqual([RUN]);
  });

  test("is given up where the store holds another story of the run, or none that can be read", async () => {
    const first = machines.add();
    await runOn(first, { isKilled: true });
    // What stands there of the run now is nobody's.
    const second = await machines.later(first);
    const events = join(machines.shared, "films/runs", RUN, "events");
    mkdirSync(events, { recursive: true });
    writeFileSync(join(events, "0000000001.json"), "{}");
    expect(Object.keys((await send(second)).left)).toEqual([RUN]);
    expect(unsentRuns(stateFolder(second), Date.now())).toEqual([]);
  });
});

test("notes are kept for thirty days, five hundred of them, and foreign names stay out", () => {
  const folder = mkdtempSync(join(tmpdir(), "greenlight-unsent-"));
  try {
    const now = Date.UTC(2026, 10, 22);
    const ids = Array.from({ length: 502 }, (_none, index) =>
      timeOrderedId(1_790_000_000_000 + index * 1000, () => index),
    );
    for (const id of ids) {
      markUnsent(folder, id);
      utimesSync(join(folder, "unsent", id), new Date(now), new Date(now));
    }
    writeFileSync(join(folder, "unsent/.hidden"), "");
    const old = ids[100] ?? "";
    utimesSync(join(folder, "unsent", old), new Date(now), new Date(now - 31 * 86_400_000));
    expect(unsentRuns(folder, now)).toEqual(ids.slice(2).filter((id) => id !== old));
    expect(unsentRuns(folder, now)).toHaveLength(499);
    expect(existsSync(join(folder, "unsent", ids[0] ?? ""))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
