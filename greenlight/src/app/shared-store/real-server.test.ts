import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { Minio, MINIO_ENV, MINIO_PROGRAM, WITHOUT_MINIO } from "../../adapters/stores/s3/testing/minio.ts";
import type { RunEvent } from "../../engine/event.ts";
import { waitUntil } from "../../keeper/testing/wait-until.ts";
import { STORE_KEY_VARIABLE } from "./store-keys.ts";
import { fastClock, KEY, keyOf, Machine, s3Definition, type MachineOptions } from "./testing/store-rig.ts";

const ENV = { ...MINIO_ENV, [STORE_KEY_VARIABLE]: KEY.privateKey };
const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";
const RUN = "01jd0000000000ab";

describe.skipIf(MINIO_PROGRAM === null)(`the shared store on a real S3 server${WITHOUT_MINIO}`, () => {
  let minio: Minio;
  let prefixes = 0;
  let prefix = "";
  const machines: Machine[] = [];

  beforeAll(async () => {
    minio = await Minio.start();
  });

  afterEach(async () => {
    for (const each of machines.splice(0)) await each.dispose();
    prefix = "";
  });

  afterAll(async () => {
    await minio?.stop();
  });

  function machine(options: Partial<MachineOptions> = {}): Machine {
    if (prefix === "") prefix = `test-${(prefixes += 1)}`;
    const made = new Machine({ definition: s3Definition({ ...minio.options, prefix }), env: ENV, ...options });
    machines.push(made);
    return made;
  }

  test("carries results and a run's record from one machine to another", async () => {
    const first = machine();
    const recorder = first.store.records.begin({ ...request(first), runId: RUN });
    for (const event of runEvents(40)) recorder.record(event);
    const names = Array.from({ length: 15 }, (_, index) => `step ${index}`);
    for (const name of names) await first.keepResult(name, `output of ${name}`);
    await first.keepResult("model", randomBytes(9 * 1024 * 1024));
    await recorder.close();
    await first.store.flush();
    const second = machine();
    expect(await countSound(second, [...names, "model"])).toBe(16);
    const resumed = await second.store.records.resume({ ...request(second), runId: RUN });
    expect(resumed.imported).toBe(41);
    expect((await second.store.records.latest(5))?.map((run) => run.summary.id)).toEqual([RUN]);
    await resumed.recorder.close();
    expect(machines.flatMap((each) => each.codes())).toEqual([]);
  });

  test("of 12 machines that resume one run at once, one gets it and the others are told", async () => {
    const first = machine();
    const recorder = first.store.records.begin({ ...request(first), runId: RUN });
    for (const event of runEvents(3)) recorder.record(event);
    await recorder.close();
    // Slow enough that a busy machine still renews its lease in time.
    const clock = fastClock(8);
    const rivals = Array.from({ length: 12 }, () => machine({ clock }));
    const ends = await Promise.allSettled(
      rivals.map(async (each) => {
        const resumed = await each.store.records.resume({ ...request(each), runId: RUN });
        // Who goes on with the run tells so at once; from then on the lease is renewed.
        for (const event of runEvents(4).slice(3)) resumed.recorder.record(event);
        return resumed;
      }),
    );
    const won = ends.filter((end) => end.status === "fulfilled");
    expect(won).toHaveLength(1);
    for (const end of ends) if (end.status === "rejected") expect(String(end.reason)).toContain("RUN_HELD_ELSEWHERE");
    for (const end of won) await end.value.recorder.close();
  });

  test("refuses wrong credentials or a missing bucket with one warning, and the run goes on", async () => {
    const cases: readonly Partial<MachineOptions>[] = [
      { env: { ...ENV, AWS_SECRET_ACCESS_KEY: "wrong-secret" } },
      { env: { ...ENV, AWS_ACCESS_KEY_ID: "nobody" } },
      { definition: s3Definition({ ...minio.options, bucket: "no-such-bucket" }) },
    ];
    for (const options of cases) {
      const startedAt = performance.now();
      const each = machine(options);
      expect(await each.store.cache.get(keyOf("train"))).toBeNull();
      const { key, entry } = await each.keepResult("train", "the model");
      await each.store.flush();
      expect(await each.store.cache.get(key)).toEqual(entry);
      expect(each.codes()).toEqual(["STORE_REFUSED"]);
      expect(performance.now() - startedAt).toBeLessThan(4000);
    }
    const remedies = machines.map((each) => each.warnings[0]?.remedy);
    expect(remedies).toEqual([
      "correct AWS_SECRET_ACCESS_KEY",
      "correct AWS_ACCESS_KEY_ID",
      "make the bucket, or correct its name",
    ]);
  });

  test("killed in the middle of a run's writes, it costs one warning, and holds nothing half when it is back", async () => {
    const first = machine();
    const names = Array.from({ length: 60 }, (_, index) => `step ${index}`);
    const startedAt = performance.now();
    for (const [index, name] of names.entries()) {
      await first.keepResult(name, Buffer.alloc(20_000 + index, name));
      if (index === 30) {
        await waitUntil("some uploads", () => (first.store.pendingUploads < 25 ? true : null));
        await minio.kill();
      }
    }
    await first.store.flush();
    expect(first.codes()).toEqual(["STORE_UNREACHABLE"]);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    await minio.restart();
    const second = machine();
    const sound = await countSound(second, names);
    expect(sound).toBeGreaterThan(0);
    expect(sound).toBeLessThan(60);
    // What did not get there is made again by the next trusted run.
    for (const [index, name] of names.entries()) await second.keepResult(name, Buffer.alloc(20_000 + index, name));
    await second.store.flush();
    expect(await countSound(machine(), names.slice(0, 20))).toBe(20);
    expect(second.codes()).toEqual([]);
  });

  test.runIf(isHeavy)("stopped in the middle of a large upload, it costs one warning and a bounded time", async () => {
    const first = machine();
    await first.keepResult("small", "x");
    await first.store.flush();
    minio.signal("SIGSTOP");
    try {
      const startedAt = performance.now();
      await first.keepResult("large", randomBytes(40 * 1024 * 1024));
      expect(await first.store.cache.get(keyOf("other"))).toBeNull();
      await first.store.flush();
      expect(first.codes()).toEqual(["STORE_UNREACHABLE"]);
      expect(performance.now() - startedAt).toBeLessThan(15_000);
    } finally {
      minio.signal("SIGCONT");
    }
    const reader = machine();
    expect(await countSound(reader, ["small", "large"])).toBe(1);
    await reader.keepResult("large", "y");
    await reader.store.flush();
    expect(reader.codes()).toEqual([]);
  });

  test.runIf(isHeavy)(
    "killed and started again at ten random moments, it never shows a half entry or a torn record",
    async () => {
      const names: string[] = [];
      for (let round = 0; round < 10; round += 1) {
        const writer = machine();
        const recorder = writer.store.records.begin({ ...request(writer), runId: `${RUN}${round}` });
        for (const event of runEvents(50, `${RUN}${round}`)) recorder.record(event);
        const mine = Array.from({ length: 30 }, (_, index) => `round ${round} step ${index}`);
        names.push(...mine);
        const killAt = randomBytes(1)[0] ?? 0;
        for (const [index, name] of mine.entries()) {
          await writer.keepResult(name, Buffer.alloc(1 + index * 40_000, name));
          if (index === killAt % 30) await minio.kill();
        }
        await recorder.close();
        await writer.store.flush();
        await minio.restart();
      }
      const reader = machine();
      await countSound(reader, names);
      for (let round = 0; round < 10; round += 1) {
        const resumed = await reader.store.records
          .resume({ ...request(reader), runId: `${RUN}${round}` })
          .catch((error: unknown) => String(error));
        if (typeof resumed === "string") expect(resumed).toContain("RUN_UNKNOWN");
        else expect(resumed.events.map((event) => event.sequence)).toEqual(resumed.events.map((_, index) => index + 1));
      }
      expect(reader.codes()).toEqual([]);
    },
    180_000,
  );
});

async function countSound(reader: Machine, names: readonly string[]): Promise<number> {
  let sound = 0;
  for (const name of names) {
    const entry = await reader.store.cache.get(keyOf(name));
    const digest = entry?.outputs["out"]?.[0]?.digest;
    if (digest === undefined) continue;
    const target = join(reader.folder, "restored");
    expect(await reader.store.blobs.copyTo(digest, target, { isExecutable: false })).toBe(true);
    expect(createHash("sha256").update(readFileSync(target)).digest("hex")).toBe(digest);
    sound += 1;
  }
  return sound;
}

function request(machine: Machine): Parameters<Machine["store"]["records"]["resume"]>[0] {
  return {
    runId: RUN,
    runs: machine.runs,
    logPath: (step) => join(machine.folder, "logs", step),
    onTakenOver: (found) => machine.warnings.push(found),
    onWait: () => undefined,
  };
}

function runEvents(steps: number, runId = RUN): RunEvent[] {
  const at = "2026-11-22T00:00:00.000Z";
  const trigger = { kind: "push", branch: "main", commit: "abc", isDirty: false, who: "kim" } as const;
  const started: RunEvent = {
    runId,
    sequence: 1,
    at,
    type: "run-started",
    project: "films",
    pipeline: "delivery",
    trigger,
    selection: "branch",
    stages: [],
    finally: [],
    dropped: [],
    greenlightVersion: "test",
    nodeVersion: "26",
    platform: "linux-x64",
    engine: { pid: 1, startTime: "elsewhere" },
  };
  const stepStarted = (index: number): RunEvent => ({
    runId,
    sequence: index + 2,
    at,
    type: "step-started",
    step: `step ${index}`,
    why: "first",
    attempt: 1,
    deadlineAt: at,
  });
  return [started, ...Array.from({ length: steps }, (_, index) => stepStarted(index))];
}
