import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { timeOrderedId } from "../../base/ids.ts";
import type { EventBody, RunEvent } from "../../engine/event.ts";
import { sendUnsent, type SentRuns } from "./send-unsent.ts";
import { folderDefinition, keyOf, Machine } from "./testing/store-rig.ts";
import { markUnsent, unsentRuns } from "./unsent-runs.ts";

const RUN = "01jd0000000000ab";
let shared: string;
let machines: Machine[];

beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), "greenlight-shared-"));
  machines = [];
});

afterEach(async () => {
  for (const each of machines) await each.dispose();
  rmSync(shared, { recursive: true, force: true });
});

function machine(folder?: string): Machine {
  const made = new Machine({ definition: folderDefinition(shared), ...(folder === undefined ? {} : { folder }) });
  machines.push(made);
  return made;
}

/** The same machine later: a new process on the same state folder. */
async function later(earlier: Machine): Promise<Machine> {
  machines.splice(machines.indexOf(earlier), 1);
  await earlier.die();
  return machine(earlier.folder);
}

function stateFolder(on: Machine): string {
  return join(on.folder, ".greenlight");
}

/** A run of two steps as the engine and `shareRun` lead it. */
async function runOn(on: Machine, options: { readonly isKilled?: boolean } = {}): Promise<void> {
  markUnsent(stateFolder(on), RUN);
  const logPath = (step: string): string => join(on.folder, step);
  const recorder = on.store.records.begin({ runId: RUN, runs: on.runs, logPath, onTakenOver: () => undefined });
  const bodies: EventBody[] = [{ type: "cancel-requested", by: "kim", why: "" }];
  for (const step of ["one", "two"]) {
    const { key } = await on.keepResult(step, `output of ${step}\n`.repeat(20_000));
    bodies.push({
      type: "step-ended",
      step,
      outcome: "passed",
      why: "ran",
      isFromCache: false,
      isAlready: false,
      isAllowedFailure: false,
      attempts: 1,
      durationMs: 5,
      savedMs: 0,
      problems: [],
      evidence: [],
      manifestDigest: key,
      outputs: {},
      facts: {},
      subject: null,
      logDigest: null,
    });
  }
  for (const [index, body] of bodies.entries()) {
    const event: RunEvent = { runId: RUN, sequence: index + 1, at: "2026-11-22T00:00:00.000Z", ...body };
    await on.runs.append(event);
    recorder.record(event);
  }
  if (options.isKilled === true) return;
  await recorder.close();
  await on.store.flush();
  expect(recorder.isWhole).toBe(existsSync(shared));
}

function send(on: Machine, limitMs = 60_000): Promise<SentRuns> {
  const runIds = unsentRuns(stateFolder(on), Date.now());
  return sendUnsent({ store: on.store, stateFolder: stateFolder(on), runs: on.runs, runIds, limitMs });
}

async function expectAllThere(by: Machine): Promise<void> {
  const other = machine();
  expect(await other.store.records.read(RUN)).toEqual(await by.runs.events(RUN));
  for (const step of ["one", "two"]) expect(await other.store.cache.get(keyOf(step))).toMatchObject({ step });
}

describe("what was made while the shared store was down", () => {
  test("is sent once it is there again, results and record, and then no more", async () => {
    renameSync(shared, `${shared}.away`);
    const first = machine();
    await runOn(first);
    expect(first.store.missingUploads).toBeGreaterThan(0);
    renameSync(`${shared}.away`, shared);
    const second = await later(first);
    expect(await send(second)).toEqual({ sent: [RUN], left: {} });
    await expectAllThere(second);
    expect(unsentRuns(stateFolder(second), Date.now())).toEqual([]);
    expect(second.codes()).toEqual([]);
  });

  test("of an engine that was killed, too", async () => {
    const first = machine();
    await runOn(first, { isKilled: true });
    const second = await later(first);
    expect(await send(second)).toEqual({ sent: [RUN], left: {} });
    await expectAllThere(second);
  });

  test("waits on while it is still down, and when there is no time", async () => {
    rmSync(shared, { recursive: true });
    const first = machine();
    await runOn(first);
    const second = await later(first);
    expect((await send(second, 0)).left).toEqual({ [RUN]: "there was no time left" });
    const { sent, left } = await send(second);
    expect([sent, Object.keys(left)]).toEqual([[], [RUN]]);
    expect(unsentRuns(stateFolder(second), Date.now())).toEqual([RUN]);
    mkdirSync(shared);
    expect((await send(await later(second))).sent).toEqual([RUN]);
  });

  test("is given up where the store holds another story of the run, or none that can be read", async () => {
    const first = machine();
    await runOn(first, { isKilled: true });
    // What stands there of the run now is nobody's.
    const second = await later(first);
    const events = join(shared, "films/runs", RUN, "events");
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
