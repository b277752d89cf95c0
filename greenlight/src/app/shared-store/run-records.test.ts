import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Clock } from "../../base/clock.ts";
import { timeOrderedId } from "../../base/ids.ts";
import type { Problem } from "../../base/problem.ts";
import type { EventBody, RunEvent } from "../../engine/event.ts";
import { manifestDigest, type Manifest } from "../../engine/manifest.ts";
import { waitUntil } from "../../keeper/testing/wait-until.ts";
import type { RunRecorder } from "./run-recorder.ts";
import type { ResumedRun } from "./run-records.ts";
import { StoreLayout } from "./store-layout.ts";
import { compareTellings } from "./take-over-run.ts";
import { fastClock, folderDefinition, keyOf, Machine, type MachineOptions } from "./testing/store-rig.ts";

/** A lease of 30 seconds is over in three quarters of one. */
const FAST: Clock = fastClock(40);
const RUN = "01jd0000000000ab";

let shared: string;
const machines: Machine[] = [];

beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), "greenlight-shared-"));
});

afterEach(async () => {
  for (const each of machines.splice(0)) await each.dispose();
  rmSync(shared, { recursive: true, force: true });
});

function machine(options: Partial<MachineOptions> = {}): Machine {
  const made = new Machine({ definition: folderDefinition(shared), clock: FAST, ...options });
  machines.push(made);
  return made;
}

const manifest: Manifest = {
  schema: 1,
  platform: "linux-x64",
  runtime: "26.10.0",
  action: "node train.ts",
  env: {},
  variables: {},
  secrets: [],
  inputs: { "src/train.ts": "ab".repeat(32) },
  modules: {},
  packages: {},
  outputs: {},
  needs: {},
};

function bodies(steps: number): EventBody[] {
  const trigger = { kind: "push", branch: "main", commit: "abc", isDirty: false, who: "kim" } as const;
  const engine = { pid: process.pid, startTime: "elsewhere" };
  const started: EventBody = {
    type: "run-started",
    project: "films",
    pipeline: "delivery",
    trigger,
    selection: "branch",
    stages: [],
    finally: [],
    dropped: [],
    greenlightVersion: "test",
    nodeVersion: "26.10.0",
    platform: "linux-x64",
    engine,
  };
  return [started, ...Array.from({ length: steps }, (_, index) => stepEnded(`step ${index}`))];
}

function stepEnded(step: string): EventBody {
  return {
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
    manifestDigest: manifestDigest(manifest),
    outputs: {},
    facts: {},
    subject: null,
    logDigest: null,
  };
}

const ended: EventBody = { type: "run-ended", outcome: "passed", durationMs: 9, pending: [] };

/** A run on one machine, as the engine leads it: local first, then the recorder. */
class Run {
  readonly machine: Machine;
  readonly takenOver: Problem[] = [];
  readonly waitedFor: string[] = [];
  recorder: RunRecorder | null = null;
  #sequence = 0;

  constructor(on: Machine) {
    this.machine = on;
  }

  get request(): Parameters<Machine["store"]["records"]["resume"]>[0] {
    return {
      runId: RUN,
      runs: this.machine.runs,
      logPath: (step) => join(this.machine.folder, "logs", `${step}.log`),
      onTakenOver: (found) => this.takenOver.push(found),
      onWait: (holder) => this.waitedFor.push(holder),
    };
  }

  begin(): this {
    this.recorder = this.machine.store.records.begin(this.request);
    return this;
  }

  async resume(): Promise<ResumedRun> {
    const resumed = await this.machine.store.records.resume(this.request);
    this.recorder = resumed.recorder;
    this.#sequence = resumed.events.length;
    return resumed;
  }

  async tell(...told: readonly EventBody[]): Promise<void> {
    await this.machine.runs.saveManifest(manifestDigest(manifest), manifest);
    for (const body of told) {
      this.#sequence += 1;
      const next: RunEvent = { runId: RUN, sequence: this.#sequence, at: "2026-11-22T00:00:00.000Z", ...body };
      await this.machine.runs.append(next);
      this.recorder?.record(next);
    }
  }
}

/** The steps of which the record in the store says something. */
function toldSteps(): string[] {
  const folder = join(shared, "films/runs", RUN, "events");
  const texts = chunks().map((name) => readFileSync(join(folder, name), "utf8"));
  return texts.flatMap((text) => [...text.matchAll(/"step":"(step \d+)"/gu)].map((found) => found[1] ?? ""));
}

function chunks(): string[] {
  try {
    return readdirSync(join(shared, "films/runs", RUN, "events")).toSorted();
  } catch {
    return [];
  }
}

describe("a run's record in the shared store", () => {
  test("lets another machine go on where the first one ended, with events, manifests and logs", async () => {
    const first = new Run(machine()).begin();
    mkdirSync(join(first.machine.folder, "logs"));
    writeFileSync(join(first.machine.folder, "logs/step 1.log"), "what step 1 wrote\n");
    await first.tell(...bodies(3));
    await first.recorder?.close();
    await first.machine.store.flush();

    const second = new Run(machine());
    expect(await second.machine.store.records.read(RUN)).toEqual(await first.machine.runs.events(RUN));
    expect(await second.machine.store.records.read("01jd00000000zzzz")).toEqual([]);
    const resumed = await second.resume();
    expect(resumed.imported).toBe(4);
    expect(await second.machine.runs.events(RUN)).toEqual(await first.machine.runs.events(RUN));
    expect(await second.machine.runs.manifest(manifestDigest(manifest))).toEqual(manifest);
    expect(await second.machine.runs.lastSuccess({ pipeline: "delivery", step: "step 2" })).toMatchObject({
      runId: RUN,
    });
    const log = join(second.machine.folder, "step-1.log");
    await second.machine.store.blobs.copyTo(resumed.logs["step 1"] ?? "", log, { isExecutable: false });
    expect(readFileSync(log, "utf8")).toBe("what step 1 wrote\n");
    expect(second.waitedFor).toEqual([]);

    await second.tell(stepEnded("step 3"), ended);
    await second.recorder?.close();
    const third = new Run(machine({ env: {} }));
    expect((await third.resume()).events).toEqual(await second.machine.runs.events(RUN));
    expect(machines.flatMap((each) => each.codes())).toEqual([]);
  });

  test("is taken over from a machine that was killed, once its lease shows no life, and nothing that got there is lost", async () => {
    const first = new Run(machine()).begin();
    await first.tell(...bodies(2));
    await waitUntil("the first piece", () => (chunks().length > 0 ? true : null));
    await first.machine.die();
    const recorded = chunks().length;
    const second = new Run(machine());
    const resumed = await second.resume();
    expect(second.waitedFor).toEqual([expect.stringContaining(`process ${process.pid} on `)]);
    expect(resumed.events.length).toBeGreaterThan(0);
    expect(chunks()).toHaveLength(recorded + 1);
    machines.splice(machines.indexOf(first.machine), 1);
  });

  test("is resumed at once in the state folder of an engine that was killed", async () => {
    const first = new Run(machine()).begin();
    await first.tell(...bodies(2));
    await waitUntil("the first piece", () => (chunks().length > 0 ? true : null));
    await first.machine.die();
    machines.splice(machines.indexOf(first.machine), 1);
    const again = new Run(machine({ folder: first.machine.folder }));
    const resumed = await again.resume();
    expect(again.waitedFor).toEqual([]);
    expect(resumed.events).toHaveLength(3);
    await again.tell(ended);
    await again.recorder?.close();
    // What the killed engine had not sent was sent now.
    expect((await new Run(machine({ env: {} })).resume()).events).toEqual(await again.machine.runs.events(RUN));
  });

  test("is not taken from a machine that is at work", async () => {
    // It renews five times faster than the others look, so that a loaded test machine makes no difference.
    const first = new Run(machine({ clock: fastClock(200) })).begin();
    await first.tell(...bodies(1));
    await waitUntil("the first piece", () => (chunks().length > 0 ? true : null));
    for (const env of [undefined, {}]) {
      const second = new Run(machine(env === undefined ? {} : { env }));
      await expect(second.resume()).rejects.toThrow(/RUN_HELD_ELSEWHERE.*process \d+ on/u);
      expect(await second.machine.runs.events(RUN)).toEqual([]);
    }
    await first.tell(ended);
    await first.recorder?.close();
    expect(first.takenOver).toEqual([]);
    expect((await new Run(machine()).resume()).events).toHaveLength(3);
  });

  test("never speaks of a result that is not in the store yet", async () => {
    // A record that waits for its results gives up after a minute, which the fast clock would make a second: too little where
    // the disk is busy. So this one never gives up.
    const patient: Clock = {
      now: () => FAST.now(),
      sleep: (ms, signal) => (ms < 60_000 ? FAST.sleep(ms, signal) : waitFor(signal)),
    };
    const run = new Run(machine({ clock: patient })).begin();
    await run.tell(...bodies(0));
    for (let step = 0; step < 40; step += 1) {
      const { key } = await run.machine.keepResult(`step ${step}`, Buffer.alloc(400_000, step));
      await run.tell({ ...stepEnded(`step ${step}`), manifestDigest: key } as EventBody);
    }
    await waitUntil("the whole record", () => {
      const steps = toldSteps();
      const layout = new StoreLayout("films");
      // By name: a list of all files could be torn by one that goes while it is made.
      const missing = steps.filter((step) => !existsSync(join(shared, layout.cacheEntry(keyOf(step)))));
      expect(missing).toEqual([]);
      return steps.length === 40 ? true : null;
    });
    await run.recorder?.close();
  });

  test("fences a writer that stood still: it is told, stops, and its late events never get in", async () => {
    const frozen: Clock = { now: () => FAST.now(), sleep: async (_ms, signal) => waitFor(signal) };
    const first = new Run(machine({ clock: frozen })).begin();
    await first.tell(...bodies(1));
    await waitUntil("the first piece", () => (chunks().length > 0 ? true : null));
    const second = new Run(machine());
    await second.resume();
    await second.tell(stepEnded("by the second"));
    await waitUntil("the second's piece", () => (chunks().length > 2 ? true : null));
    // Its pause ends when it is closed; then it tries to go on.
    await first.tell(stepEnded("too late"));
    await first.recorder?.close();
    expect(first.takenOver.map((each) => each.code)).toEqual(["RUN_TAKEN_OVER"]);
    await second.tell(ended);
    await second.recorder?.close();
    const third = await new Run(machine()).resume();
    expect(third.events.map((each) => (each.type === "step-ended" ? each.step : each.type))).toContain("by the second");
    expect(JSON.stringify(third.events)).not.toContain("too late");
    // The first machine now knows another story of the run, which it must not go on with.
    machines.splice(machines.indexOf(first.machine), 1);
    await first.machine.die();
    const back = new Run(machine({ folder: first.machine.folder }));
    await third.recorder.close();
    await expect(back.resume()).rejects.toThrow(/RUN_TAKEN_OVER.*differ from event 3/u);
  });

  test("tells a writer whose lease was taken, before it tries to write", async () => {
    const first = new Run(machine()).begin();
    await first.tell(...bodies(1));
    await waitUntil("the first piece", () => (chunks().length > 0 ? true : null));
    rmSync(join(shared, "films/runs", RUN, "lease.json"));
    const second = new Run(machine());
    await second.resume().catch(() => undefined);
    // Whichever of the two got the free lease, the other one knows.
    const told = await waitUntil("one to give way", () =>
      second.recorder === null || first.takenOver.length > 0 ? true : null,
    );
    expect(told).toBe(true);
  });

  test("with a piece missing, changed or moved is refused, not resumed", async () => {
    const first = new Run(machine()).begin();
    await first.tell(...bodies(1));
    await waitUntil("the first piece", () => (chunks().length > 0 ? true : null));
    await first.tell(stepEnded("next"));
    await waitUntil("the second piece", () => (chunks().length > 1 ? true : null));
    await first.tell(ended);
    await first.recorder?.close();
    const folder = join(shared, "films/runs", RUN, "events");
    const names = chunks();
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
      const victim = new Run(machine());
      await expect(victim.resume()).rejects.toThrow("STORE_ENTRY_REFUSED");
      expect(await victim.machine.runs.events(RUN)).toEqual([]);
      rmSync(two, { force: true });
      writeFileSync(two, whole);
    }
    expect((await new Run(machine()).resume()).events).toHaveLength(4);
  });

  test("of a run that a machine began while the store was down is made good by a later resume", async () => {
    rmSync(shared, { recursive: true });
    const first = new Run(machine()).begin();
    await first.tell(...bodies(2));
    await first.recorder?.close();
    await first.machine.store.flush();
    expect(first.machine.codes()).toEqual(["STORE_UNREACHABLE"]);
    mkdirSync(shared);
    machines.splice(machines.indexOf(first.machine), 1);
    await first.machine.die();
    const again = new Run(machine({ folder: first.machine.folder }));
    expect((await again.resume()).imported).toBe(0);
    await again.tell(ended);
    await again.recorder?.close();
    expect((await new Run(machine()).resume()).events).toHaveLength(4);
  });

  test("that can't be reached stops only a machine which has no record of its own", async () => {
    const first = new Run(machine()).begin();
    await first.tell(...bodies(2));
    await first.recorder?.close();
    rmSync(shared, { recursive: true });
    machines.splice(machines.indexOf(first.machine), 1);
    await first.machine.die();
    const here = new Run(machine({ folder: first.machine.folder }));
    expect((await here.resume()).events).toHaveLength(3);
    await here.tell(ended);
    await here.recorder?.close();
    expect(here.machine.codes()).toEqual(["STORE_UNREACHABLE"]);
    const elsewhere = new Run(machine());
    expect(await elsewhere.machine.store.records.read(RUN)).toBeNull();
    await expect(elsewhere.resume()).rejects.toThrow(/^STORE_UNREACHABLE: .*does not answer/u);
  });

  test("that does not exist is RUN_UNKNOWN, whatever the id looks like", async () => {
    const { runs, store } = machine();
    for (const runId of ["01jd00000000zzzz", "../../x", "", "한국"]) {
      const request = { ...new Run(machine()).request, runId, runs };
      await expect(store.records.resume(request)).rejects.toThrow("RUN_UNKNOWN");
    }
  });

  test("of thousands of steps is written in few pieces, while the run goes on", async () => {
    const first = new Run(machine()).begin();
    const startedAt = performance.now();
    await first.tell(...bodies(3000), ended);
    const tookMs = performance.now() - startedAt;
    await first.recorder?.close();
    expect(chunks().length).toBeLessThan(10 + (tookMs / 1000) * 80);
    expect((await new Run(machine()).resume()).imported).toBe(3002);
  });
});

test("the newest runs of all machines are listed first, with who is at work on them", async () => {
  const ids = [1, 2, 3].map((at) => timeOrderedId(1_790_000_000_000 + at * 1000, () => at));
  const open: RunRecorder[] = [];
  for (const [index, runId] of ids.entries()) {
    const on = machine();
    const recorder = on.store.records.begin({ ...new Run(on).request, runId });
    const [started] = bodies(0);
    if (started === undefined) throw new Error("no start");
    recorder.record({ runId, sequence: 1, at: `2026-11-22T00:00:0${index}.000Z`, ...started });
    if (index === 0) recorder.record({ runId, sequence: 2, at: "2026-11-22T00:00:09.000Z", ...ended });
    if (index < 2) await recorder.close();
    else open.push(recorder);
  }
  const reader = machine({ env: {} });
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

test("two tellings of a run are equal, one ahead of the other, or forked at the first difference", () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(20), fc.nat(20), (left, right, fork) => {
      const local = Array.from({ length: left }, (_, index) => event(index + 1, index >= fork ? "here" : "same"));
      const stored = Array.from({ length: right }, (_, index) => event(index + 1, index >= fork ? "there" : "same"));
      const expected =
        Math.min(left, right) > fork
          ? { kind: "forked", sequence: fork + 1 }
          : { kind: left === right ? "equal" : left > right ? "local-ahead" : "store-ahead" };
      expect(compareTellings(local, stored)).toEqual(expected);
    }),
  );
});

function event(sequence: number, at: string): RunEvent {
  return { runId: RUN, sequence, at, ...ended };
}

async function waitFor(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((_resolve, reject) => {
    const end = (): void => reject(new Error("ended"));
    if (signal?.aborted === true) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}
