import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { BlobFolder } from "../../adapters/stores/folder/blob-folder.ts";
import { RunDatabase } from "../../adapters/stores/sqlite/run-database.ts";
import { WorkDatabase } from "../../adapters/stores/sqlite/work-database.ts";
import { systemClock } from "../../base/system-clock.ts";
import { whyAgainst } from "../../cli/why-against.ts";
import { Rig, type RigRun } from "../../engine/testing/rig.ts";
import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { compareRuns, type StepComparison } from "./compare-runs.ts";

const composition: Composition = {
  clock: systemClock,
  openRuns: async (stateFolder) => new RunDatabase(join(stateFolder, "runs.sqlite")),
  openHoldings: async () => {
    throw new Error("nothing is cleaned here");
  },
  openWork: async (stateFolder) => {
    const { index, cache } = new WorkDatabase(join(stateFolder, "work.sqlite"));
    return { index, cache, blobs: new BlobFolder(join(stateFolder, "store/blobs")) };
  },
  keeperUnits: () => Promise.reject(new Error("nothing is installed here")),
};

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.write("package.json", "{}");
  lock("1.0.0");
  rig.write("a.txt", "1");
  rig.write("b.txt", "1");
});

afterEach(() => {
  rig.dispose();
  vi.restoreAllMocks();
});

function lock(version: string): void {
  const packages = {
    "": { dependencies: { dep: "1" } },
    "node_modules/dep": { version, integrity: `sha512-${version}` },
  };
  rig.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages }));
}

interface Variant {
  readonly command?: string;
  readonly fixed?: string;
  readonly seen?: string;
}

function stages({ command = "cp a.txt out.txt", fixed = "1" }: Variant): Record<string, readonly StepDefinition[]> {
  const make = step("make", {
    run: command,
    inputs: ["*.txt", "!out.txt"],
    outputs: { out: "out.txt" },
    packages: ["dep"],
    env: ["SEEN"],
    variables: { FIXED: fixed },
  });
  return { one: [make], two: [step("use", { run: "true", inputs: [], needs: { make } })] };
}

function run(runId: string, variant: Variant = {}): Promise<RigRun> {
  return rig.run(stages(variant), { runId, variables: { SEEN: variant.seen ?? "1" } });
}

function place(): ProjectPlace {
  return { folder: rig.folder, stateFolder: join(rig.folder, ".greenlight") } as ProjectPlace;
}

async function compare(name: string, query: { run?: string; against: string }): Promise<StepComparison | undefined> {
  const { steps } = await compareRuns(composition, place(), { run: query.run, against: query.against, step: name });
  return steps[0];
}

describe("what is named when a step ran again, and when two runs are compared", () => {
  test.each<[string, () => void, Variant, string]>([
    ["a file", () => rig.write("b.txt", "2"), {}, "b.txt changed"],
    ["a new file", () => rig.write("c.txt", "2"), {}, "c.txt added"],
    ["a removed file", () => rmSync(join(rig.folder, "b.txt")), {}, "b.txt removed"],
    ["a package", () => lock("1.0.1"), {}, "package dep changed"],
    ["a variable of the environment", () => undefined, { seen: "2" }, "variable SEEN changed"],
    ["a fixed variable", () => undefined, { fixed: "2" }, "variable FIXED changed"],
    ["the command", () => undefined, { command: "cp a.txt out.txt; true" }, "the step's command or arguments changed"],
  ])("%s", async (_what, change, variant, expected) => {
    await run("r1");
    change();
    const second = await run("r2", variant);
    expect(second.step("make").why).toBe(`ran: ${expected}`);
    // Its output is the same as before, which spares the step behind it.
    expect(second.step("use").isFromCache).toBe(true);
    expect(await compare("make", { against: "r1" })).toEqual({
      step: "make",
      outcome: "passed",
      outcomeThen: "passed",
      differences: [expected],
      note: null,
      outputs: [],
    });
    expect((await compare("use", { against: "r1" }))?.differences).toEqual([]);
  });

  test("a need, by its step and output; and the output that differs", async () => {
    await run("r1");
    rig.write("a.txt", "2");
    const second = await run("r2");
    expect(second.step("use").why).toBe('ran: "make" put out something new (out)');
    expect((await compare("use", { against: "r1" }))?.differences).toEqual(['"make" put out something new (out)']);
    expect(await compare("make", { against: "r1" })).toMatchObject({
      differences: ["a.txt changed"],
      outputs: ["out"],
    });
  });

  test("any two runs can be compared, also those that failed, in either direction, by the beginning of their ids", async () => {
    await run("first");
    rig.write("c.txt", "");
    await run("second", { command: "exit 1" });
    rmSync(join(rig.folder, "c.txt"));
    await run("third");
    const there = await compare("make", { run: "sec", against: "fi" });
    expect(there).toMatchObject({ outcome: "failed", outcomeThen: "passed" });
    expect(there?.differences).toEqual(["the step's command or arguments changed", "c.txt added"]);
    expect((await compare("make", { run: "first", against: "second" }))?.differences).toContain("c.txt removed");
    expect((await compare("make", { run: "first", against: "third" }))?.differences).toEqual([]);
  });
});

describe("what can't be compared is said", () => {
  test("steps that are in one run only, or did not come to run", async () => {
    await run("r1", { command: "exit 1" });
    await rig.run({ one: [step("other", { run: "true", inputs: [] })] }, { runId: "r2" });
    const { steps } = await compareRuns(composition, place(), { run: "r2", against: "r1", step: undefined });
    expect(steps.map((each) => [each.step, each.note])).toEqual([
      ["other", "the other run has no such step"],
      ["make", "this run has no such step"],
      ["use", "this run has no such step"],
    ]);
    await run("r3");
    expect((await compare("use", { run: "r3", against: "r1" }))?.note).toContain("did not come to look at its inputs");
  });

  test("manifests that this machine does not have", async () => {
    await run("r1");
    rig.write("a.txt", "2");
    await run("r2");
    const database = new DatabaseSync(join(rig.folder, ".greenlight/runs.sqlite"));
    database.exec("DELETE FROM manifests");
    database.close();
    const found = await compare("make", { against: "r1" });
    expect(found).toMatchObject({ differences: null, outputs: ["out"] });
    expect(found?.note).toContain("does not know what they were");
  });

  test("unknown runs and steps", async () => {
    await run("r1");
    await expect(compare("make", { against: "nope" })).rejects.toMatchObject({ problems: [{ code: "RUN_UNKNOWN" }] });
    await expect(compare("nope", { against: "r1" })).rejects.toMatchObject({ problems: [{ code: "STEP_UNKNOWN" }] });
  });
});

test("the command prints each difference, or one document", async () => {
  await run("r1");
  rig.write("a.txt", "2\u001b[31m");
  rig.write("c\u001b[2J.txt", "");
  await run("r2");
  const printed: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
  const call = { composition, isJson: false, place };
  expect(await whyAgainst(call, { step: "make", run: undefined, against: "r1" })).toBe(0);
  expect(printed).toEqual([
    "run r2 against run r1",
    "make",
    "  passed in both; 2 differences",
    "    a.txt changed",
    "    c.txt added",
    "  put out something else: out",
  ]);
  printed.length = 0;
  await whyAgainst({ ...call, isJson: true }, { step: "use", run: undefined, against: "r1" });
  expect(JSON.parse(printed.join(""))).toMatchObject({ run: "r2", against: "r1", steps: [{ step: "use" }] });
});
