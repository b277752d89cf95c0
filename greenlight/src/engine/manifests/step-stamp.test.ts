import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { step } from "../../pipeline/define.ts";
import { Rig, type RigRun } from "../testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.write("in/a.txt", "a");
  rig.write("in/b.txt", "b");
});

afterEach(() => {
  rig.dispose();
});

const upper = step("upper", {
  run: "mkdir -p out && tr a-z A-Z < in/a.txt > out/upper && echo x >> count.upper",
  inputs: ["in/a.txt"],
  outputs: { text: "out/upper" },
});
const all = step("all", {
  run: "mkdir -p out && cat in/*.txt out/upper > out/all && echo x >> count.all",
  needs: { upper },
  inputs: ["in/**"],
  env: ["MOOD"],
  outputs: { text: "out/all" },
});
const steps = { one: [upper, all] };

/** Runs until every step has its stamp: a file that was written just now is too young for one. */
async function settle(): Promise<void> {
  await vi.waitFor(
    async () => {
      await rig.run(steps);
      expect(stamps()).toEqual(["all", "upper"]);
    },
    { timeout: 10_000, interval: 30 },
  );
}

function record(): DatabaseSync {
  return new DatabaseSync(join(rig.folder, ".greenlight/runs.sqlite"));
}

function stamps(): string[] {
  const database = record();
  try {
    return database
      .prepare("SELECT step FROM step_stamps ORDER BY step")
      .all()
      .map((row) => String(row["step"]));
  } finally {
    database.close();
  }
}

/** "upper=ran all=cached" */
function told(run: RigRun): string {
  return ["upper", "all"].map((name) => `${name}=${run.step(name).isFromCache ? "cached" : "ran"}`).join(" ");
}

describe("steps whose files look as they did", () => {
  test("are known after one run, however young their files are", async () => {
    await rig.run(steps);
    expect(stamps()).toEqual(["all", "upper"]);
  });

  test("are not waited for when a file is from the future", async () => {
    const ahead = new Date(Date.now() + 3_600_000);
    utimesSync(join(rig.folder, "in/a.txt"), ahead, ahead);
    await rig.run(steps);
    expect(told(await rig.run(steps))).toBe("upper=cached all=cached");
    expect(stamps()).not.toContain("upper");
  });

  test("are cached for the reason that the manifest gives, with the outputs that they had", async () => {
    const first = await rig.run(steps);
    await settle();
    const run = await rig.run(steps);
    expect(told(run)).toBe("upper=cached all=cached");
    for (const name of ["upper", "all"]) {
      expect(run.step(name)).toMatchObject({
        why: "nothing changed since run run1",
        outputs: first.step(name).outputs,
        manifestDigest: first.step(name).manifestDigest,
        logDigest: first.step(name).logDigest,
      });
    }
  });

  test.each<[string, () => void, string]>([
    ["an input's content", () => rig.write("in/a.txt", "c"), "upper=ran all=ran"],
    ["an input's content, its size and time kept", keepingTimes, "upper=ran all=ran"],
    ["a new file for a glob", () => rig.write("in/c.txt", "c"), "upper=cached all=ran"],
    ["a file of a glob that is gone", () => rmSync(join(rig.folder, "in/b.txt")), "upper=cached all=ran"],
    ["a file of a glob renamed", () => rename("in/b.txt", "in/z.txt"), "upper=cached all=ran"],
  ])("run again after %s", async (_what, change, want) => {
    await settle();
    change();
    const run = await rig.run(steps);
    expect(told(run)).toBe(want);
    expect(rig.read("out/all")).toContain(rig.read("out/upper"));
  });

  test("run again when a variable that they may see has another value, and are as before when it is back", async () => {
    await settle();
    expect(told(await rig.run(steps, { variables: { MOOD: "good" } }))).toBe("upper=cached all=ran");
    const back = await rig.run(steps);
    expect(told(back)).toBe("upper=cached all=cached");
    // That result is older than the last success, and is not taken for it.
    expect(back.step("all").why).toContain("the same inputs passed before");
  });

  test("run again when they are defined otherwise", async () => {
    await settle();
    const other = step("upper", {
      run: "mkdir -p out && echo other > out/upper",
      inputs: ["in/a.txt"],
      outputs: { text: "out/upper" },
    });
    const run = await rig.run({ one: [other] });
    expect(run.step("upper").isFromCache).toBe(false);
    expect(rig.read("out/upper")).toBe("other\n");
  });

  test.each<[string, () => void]>([
    ["deleted", () => rmSync(join(rig.folder, "out"), { recursive: true })],
    ["changed", () => rig.write("out/all", "spoilt")],
    ["made executable", () => chmodSync(join(rig.folder, "out/all"), 0o755)],
    ["replaced by a link", linkOutput],
    ["replaced by a folder", () => folderInPlace("out/all")],
  ])("have their outputs put back when these were %s", async (_what, spoil) => {
    await settle();
    const sound = rig.read("out/all");
    spoil();
    const run = await rig.run(steps);
    expect(told(run)).toBe("upper=cached all=cached");
    expect(rig.read("out/all")).toBe(sound);
    expect(rig.read("count.all")).toBe("x\n");
    await settle();
    expect(told(await rig.run(steps))).toBe("upper=cached all=cached");
  });

  test("are looked at again when the index or the record is thrown away", async () => {
    await settle();
    for (const suffix of ["", "-wal", "-shm"])
      rmSync(join(rig.folder, `.greenlight/work.sqlite${suffix}`), { force: true });
    expect(told(await rig.run(steps))).toBe("upper=ran all=ran");
    await settle();
    for (const suffix of ["", "-wal", "-shm"])
      rmSync(join(rig.folder, `.greenlight/runs.sqlite${suffix}`), { force: true });
    const run = await rig.run(steps);
    expect(told(run)).toBe("upper=cached all=cached");
    expect(run.step("all").why).toBe("the same inputs passed before");
  });

  test("are not taken by a torn or foreign stamp", async () => {
    for (const text of ["{", "null", "[]", '{"subject":1}', '{"inputs":[],"outputs":[]}']) {
      await settle();
      const database = record();
      database.prepare("UPDATE step_stamps SET json = ?").run(text);
      database.close();
      expect(told(await rig.run(steps))).toBe("upper=cached all=cached");
    }
  });

  test("still run when a person asks for it", async () => {
    await settle();
    const last = await rig.run(steps, { runId: "asked" });
    expect(told(last)).toBe("upper=cached all=cached");
    const again = await rig.run(steps, {
      runId: "asked",
      resume: { mode: "retry", by: "kim", why: "", again: ["upper"] },
    });
    expect(again.step("upper").isFromCache).toBe(false);
  });
});

function rename(from: string, to: string): void {
  renameSync(join(rig.folder, from), join(rig.folder, to));
}

function keepingTimes(): void {
  const path = join(rig.folder, "in/a.txt");
  const then = new Date(1_000_000_000_000);
  writeFileSync(path, "z");
  utimesSync(path, then, then);
}

function linkOutput(): void {
  const path = join(rig.folder, "out/all");
  writeFileSync(join(rig.folder, "elsewhere"), readFileSync(path));
  rmSync(path);
  symlinkSync("../elsewhere", path);
}

function folderInPlace(name: string): void {
  rmSync(join(rig.folder, name));
  mkdirSync(join(rig.folder, name, "inside"), { recursive: true });
}
