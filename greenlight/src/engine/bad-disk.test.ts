import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { holdFile } from "../adapters/stores/sqlite/testing/file-holder.ts";
import { ProblemError } from "../base/problem.ts";
import { step } from "../pipeline/define.ts";
import { processesIn } from "./testing/engine-invariants.ts";
import { Rig, type RigRun } from "./testing/rig.ts";
import { mountSmallDisk, whyNoDisk, type SmallDisk } from "./testing/small-disk.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const WHY_NOT = whyNoDisk();
const hasDisk = WHY_NOT === "";

let disk: SmallDisk | null = null;
let rig: Rig;

beforeEach(() => {
  disk = hasDisk ? mountSmallDisk(3 * 1024 * 1024) : null;
  if (disk !== null) mkdirSync(join(disk.path, "project"));
  rig = disk === null ? new Rig() : new Rig(join(disk.path, "project"));
});

afterEach(() => {
  if (disk === null) rig.dispose();
  else disk.unmount();
});

async function problemOf(run: Promise<RigRun>): Promise<ProblemError> {
  const error: unknown = await run.then(
    () => new Error("it ended well"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProblemError) return error;
  throw error;
}

const FILL = "head -c 9M /dev/zero > ../fill";

describe.runIf(hasDisk)(`a disk that is full${WHY_NOT}`, () => {
  test("in the middle of a run ends it as the machine's fault, with everything that it had started", async () => {
    const fill = step("fill", { run: `${FILL}; sleep 120`, inputs: [] });
    const beside = step("beside", { run: "sleep 0.5", inputs: [] });
    const after = step("after", { run: "true", inputs: [] });
    const begunAt = performance.now();
    const error = await problemOf(rig.run({ one: [fill, beside], two: [after] }, { concurrency: 2 }));
    expect(error.exitCode).toBe(3);
    expect(error.problems[0]).toMatchObject({ code: "STORE_UNWRITABLE" });
    expect(error.problems[0]?.remedy).toContain("free disk space");
    expect(performance.now() - begunAt).toBeLessThan(25_000);
    await expect.poll(() => processesIn(rig.folder)).toEqual([]);
    // The record up to then is sound, and the run can go on once there is room.
    rmSync(join(rig.folder, "../fill"));
    const resume = { mode: "resume", by: "kim", why: "room again", again: [] } as const;
    const mended = { one: [{ ...fill, action: { kind: "command", command: "true" } as const }, beside], two: [after] };
    expect((await rig.run(mended, { runId: "run1", resume })).view.outcome).toBe("passed");
  });

  test("for a moment is waited for, and nothing is lost", async () => {
    const fill = step("fill", { run: `${FILL}; sleep 0.7; rm ../fill`, inputs: [] });
    const beside = step("beside", { run: "sleep 0.3", inputs: [] });
    const run = await rig.run({ one: [fill, beside], two: [step("after", { run: "true", inputs: [] })] });
    expect(run.view.outcome).toBe("passed");
    expect(run.events.map((event) => event.sequence)).toEqual(run.events.map((_event, index) => index + 1));
  });

  test("where only the cache lies costs a warning and no run", async () => {
    const own = new Rig();
    try {
      const make = step("make", { run: "head -c 200000 /dev/urandom > out", inputs: [], outputs: { out: "out" } });
      const fill = step("fill", { run: `head -c 9M /dev/zero > ${rig.folder}/fill; true`, inputs: [] });
      const run = await own.run({ one: [fill], two: [make] }, { shared: rig.folder });
      expect(run.view.outcome).toBe("passed");
      expect(run.step("make")).toMatchObject({ outcome: "passed" });
      expect(run.step("make").why).toContain("not cached");
      expect(run.view.warnings.map((each) => each.code)).toEqual(["STORE_UNWRITABLE"]);
      expect((await own.run({ two: [make] }, { shared: rig.folder })).step("make").outcome).toBe("passed");
    } finally {
      own.dispose();
    }
  });

  test("of a step's own making fails that step only", async () => {
    const full = step("full", { run: `${FILL} || { rm -f ../fill; exit 7; }`, inputs: [] });
    const run = await rig.run({ one: [full, step("beside", { run: "true", inputs: [] })] });
    expect(run.step("full").outcome).toBe("failed");
    expect(run.step("beside").outcome).toBe("passed");
  });
});

describe.runIf(hasDisk)(`a disk that may only be read${WHY_NOT}`, () => {
  test("is told before anything runs", async () => {
    const make = step("make", { run: "true", inputs: [] });
    await rig.run({ one: [make] });
    disk?.makeReadOnly();
    const begunAt = performance.now();
    const error = await problemOf(rig.run({ one: [make] }));
    expect([error.exitCode, error.problems[0]?.code]).toEqual([3, "STORE_UNWRITABLE"]);
    expect(performance.now() - begunAt).toBeLessThan(15_000);
  });
});

test.runIf(IS_HEAVY)(
  "a record that another process holds for ever ends the run in bounded time",
  async () => {
    const make = step("make", { run: "sleep 120", inputs: [] });
    let holder: Awaited<ReturnType<typeof holdFile>> | undefined;
    const hold = async (): Promise<void> => {
      holder = await holdFile(join(rig.folder, ".greenlight/runs.sqlite"), null);
      rig.write("held", "");
    };
    const onEvent = (event: { readonly type: string; readonly step?: string }): void => {
      if (event.type === "step-started" && event.step === "watch") void hold();
    };
    const watch = step("watch", { run: "while ! test -e held; do sleep 0.05; done", inputs: [] });
    try {
      const begunAt = performance.now();
      const error = await problemOf(rig.run({ one: [make, watch] }, { onEvent }));
      expect([error.exitCode, error.problems[0]?.code]).toEqual([3, "STORE_UNWRITABLE"]);
      expect(error.problems[0]?.message).toContain("by another process");
      expect(performance.now() - begunAt).toBeLessThan(60_000);
      await expect.poll(() => processesIn(rig.folder)).toEqual([]);
    } finally {
      await holder?.release();
    }
  },
  120_000,
);
