import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { step } from "../../pipeline/define.ts";
import { Rig, type RigRun } from "../testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  for (const name of NAMES) rig.write(`in/${name}.txt`, name);
});

afterEach(() => {
  rig.dispose();
});

const NAMES = ["first", "second", "third", "fourth"];

/** A chain of two, and two that stand alone; the last one is held by a lock. */
const [first, second, third, fourth] = NAMES.map((name) =>
  step(name, {
    run: `mkdir -p out && cat in/${name}.txt > out/${name}.txt`,
    needs: name === "second" ? { first: "first" } : {},
    inputs: [`in/${name}.txt`],
    outputs: { file: `out/${name}.txt` },
    ...(name === "fourth" ? { lock: "reuse-first-test" } : {}),
  }),
);
const steps = { one: [first, second, third, fourth].filter((each) => each !== undefined) };

/** Runs until every step has its stamp: a file that was written just now is too young for one. */
async function settle(): Promise<void> {
  await vi.waitFor(
    async () => {
      await rig.run(steps);
      expect(countStamps()).toBe(NAMES.length);
    },
    { timeout: 10_000, interval: 30 },
  );
}

function countStamps(): number {
  const database = new DatabaseSync(join(rig.folder, ".greenlight/runs.sqlite"));
  try {
    return Number(database.prepare("SELECT count(*) AS count FROM step_stamps").get()?.["count"]);
  } finally {
    database.close();
  }
}

/** The steps that ran, in order. */
function ran(run: RigRun): string[] {
  return NAMES.filter((name) => !run.step(name).isFromCache);
}

describe("the first steps of a stage, when nothing of theirs changed", () => {
  test("are recorded like any other: one end each, before the run's own, with numbers without a gap", async () => {
    await settle();
    const { events } = await rig.run(steps);
    const ends = events.filter((each) => each.type === "step-ended");
    expect(ends.map((each) => each.step).toSorted()).toEqual(NAMES.toSorted());
    expect(events.map((each) => each.sequence)).toEqual(events.map((_, at) => at + 1));
    expect(events.at(-1)?.type).toBe("run-ended");
  });

  test.each(NAMES)("do not keep a change of %s from being seen", async (name) => {
    await settle();
    rig.write(`in/${name}.txt`, "changed");
    const run = await rig.run(steps);
    expect(ran(run)).toEqual(name === "first" ? ["first", "second"] : [name]);
    expect(rig.read(`out/${name}.txt`)).toBe("changed");
  });

  test.each(NAMES)("do not keep a missing output of %s from being put back", async (name) => {
    await settle();
    rmSync(join(rig.folder, `out/${name}.txt`));
    const run = await rig.run(steps);
    expect(ran(run)).toEqual([]);
    expect(rig.read(`out/${name}.txt`)).toBe(name);
  });

  test("do not run once more what is cancelled", async () => {
    await settle();
    const cancelled = AbortSignal.abort("by the test");
    const run = await rig.run(steps, { signal: cancelled });
    expect(run.view.outcome).toBe("cancelled");
    expect(NAMES.map((name) => run.step(name).outcome)).toEqual(NAMES.map(() => "cancelled"));
  });
});
