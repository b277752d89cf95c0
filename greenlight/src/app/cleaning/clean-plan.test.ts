import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { BlobFolder } from "../../adapters/stores/folder/blob-folder.ts";
import { WorkDatabase } from "../../adapters/stores/sqlite/work-database.ts";
import { digestText } from "../../base/file-digest.ts";
import { problem } from "../../base/problem.ts";
import { releaseId } from "../../release/release-digest.ts";
import { findRun } from "../runs/find-run.ts";
import { releasesInUse } from "./releases-in-use.ts";
import { deploymentOf, environmentOf, keeperOf, manifestOf, NOW, StateRig } from "./testing/state-rig.ts";

const NOTHING = { runs: { keep: 1, days: 0 }, cache: { days: 0 }, releases: { keep: 1 } };
const idOf = (input: string): string => releaseId(manifestOf(input));
const run = (at: number): string => `${at}${"0".repeat(15)}`;

let rig: StateRig;
beforeEach(() => {
  rig = new StateRig();
});
afterEach(() => rig.dispose());

/** Three runs a day apart, each of another input. */
async function threeRuns(): Promise<void> {
  for (const [at, input] of ["a", "b", "c"].entries()) {
    const steps = ["train", "bundle"].map((name) => ({ name, input, isPassed: true }));
    await rig.addRun({ id: run(at), daysAgo: 9 - at, outcome: "passed", steps });
  }
}

function blobFiles(): string[] {
  return readdirSync(join(rig.folder, "store/blobs"), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.length > 2,
  );
}

describe("by the policy", () => {
  test("the usual one keeps what is a few days old, however many there are", async () => {
    await threeRuns();
    const plan = await rig.clean({ retention: {} });
    expect([plan.runs.removed, plan.results.removed, plan.blobs.files, plan.folders]).toEqual([[], [], [], []]);
  });

  test("a strict one leaves the last run and its results", async () => {
    await threeRuns();
    const plan = await rig.clean({ retention: NOTHING });
    expect(plan.runs.removed.map(({ id }) => id)).toEqual([run(1), run(0)]);
    expect(plan).toMatchObject({
      runs: { keptCount: 1 },
      results: { keptCount: 2 },
      releases: { removed: [idOf("a"), idOf("b")] },
    });
    expect(readdirSync(join(rig.folder, "runs"))).toEqual([run(2)]);
    expect(readdirSync(join(rig.folder, "reports"))).toEqual([run(2)]);
  });

  test("results that were used longest ago make room first, and what is needed stays whatever it takes", async () => {
    await threeRuns();
    const cache = { days: 14, maxBytes: 76_000 };
    const { results } = await rig.clean({ retention: { ...NOTHING, runs: { keep: 100 }, cache } });
    expect([results.removed.length, results.keptCount]).toEqual([2, 4]);
    const { results: rest } = await rig.clean({
      retention: { ...NOTHING, runs: { keep: 100 }, cache: { days: 14, maxBytes: 0 } },
    });
    expect(rest.keptCount).toBe(2);
  });

  test("a result that a later run took from the cache counts as used then", async () => {
    const steps = [{ name: "old", input: "a", isPassed: true }];
    await rig.addRun({ id: run(0), daysAgo: 9, outcome: "passed", steps });
    await rig.addRun({ id: run(1), daysAgo: 1, outcome: "passed", steps });
    expect((await rig.clean({ retention: { ...NOTHING, cache: { days: 2 } } })).results.keptCount).toBe(1);
    expect((await rig.clean({ retention: NOTHING, now: NOW + 10 })).results.keptCount).toBe(0);
  });
});

describe("a release", () => {
  test.each([
    ["that is live", { live: idOf("a") }],
    ["that is warm", { slots: [idOf("a")] }],
    ["that waits", { history: [deploymentOf("d1", "a", "awaiting-approval")] }],
    ["to which a rollback goes", { previous: idOf("a") }],
    ["that had the traffic last", { history: [deploymentOf("d1", "a", "succeeded")] }],
    [
      "of which a prediction log is kept",
      {
        history: [deploymentOf("d2", "b", "succeeded"), deploymentOf("d1", "a", "succeeded")],
        logged: new Set(["d1"]),
      },
    ],
    ["whose deployment needs a person", { history: [deploymentOf("d1", "a", "needs-human")] }],
  ])("%s keeps its run, its result and its files", async (_what, facts) => {
    await threeRuns();
    const asked = { facts: [environmentOf(facts)], environments: [], problems: [] };
    const plan = await rig.clean({ retention: NOTHING, asked });
    expect(plan.releases.kept.map((each) => each.releaseId)).toContain(idOf("a"));
    expect(plan.runs.removed.map(({ id }) => id)).not.toContain(run(0));
    const blobs = new BlobFolder(join(rig.folder, "store/blobs"));
    expect(await blobs.has(manifestOf("a").files[1]?.digest ?? "")).toBe(true);
  });

  test("that only an environment knows keeps its files", async () => {
    await threeRuns();
    const work = new WorkDatabase(join(rig.folder, "work.sqlite"));
    work.close();
    rmSync(join(rig.folder, "work.sqlite"));
    const history = [deploymentOf("d1", "a", "succeeded")];
    const asked = { facts: [environmentOf({ history })], environments: [keeperOf(["a"])], problems: [] };
    await rig.clean({ retention: NOTHING, asked });
    const [, model, runtime] = manifestOf("a").files;
    const kept = [model, runtime].map((file) => `${file?.digest.slice(0, 2)}/${file?.digest.slice(2)}`);
    expect(blobFiles().toSorted()).toEqual(kept.toSorted());
  });

  test("may be any where an environment can't be asked", async () => {
    await threeRuns();
    const problems = [problem("SERVER_UNREACHABLE", { place: "production", message: "no answer" })];
    const plan = await rig.clean({ retention: NOTHING, asked: { facts: [], environments: [], problems } });
    expect(plan.releases.removed).toEqual([]);
    expect(plan.runs.removed).toEqual([]);
    expect(plan.results.keptCount).toBe(4);
  });

  test("of the last so many is told once, with the first reason of each environment", () => {
    const history = [deploymentOf("d2", "b", "succeeded"), deploymentOf("d1", "a", "succeeded")];
    const staging = environmentOf({ name: "staging", live: idOf("b"), history });
    const production = environmentOf({ live: idOf("a"), history: history.slice(1) });
    expect(releasesInUse([staging, production], 5).map(({ releaseId: id, why }) => [id, why])).toEqual([
      [idOf("b"), ["live in staging"]],
      [idOf("a"), ["one of the last 5 of staging", "live in production"]],
    ]);
  });
});

describe("what is in the way", () => {
  test("a run that was cleaned away is told as that, by the beginning of its id too", async () => {
    await threeRuns();
    await rig.clean({ retention: NOTHING });
    const runs = rig.openRuns();
    const ask = (named: string): Promise<unknown> => findRun(runs, { named, suits: () => true, nothingSuits: "" });
    const gone = {
      problems: [{ code: "RUN_UNKNOWN", message: expect.stringMatching(/^it was cleaned away on \d{4}-/u) }],
    };
    await expect(ask(run(0))).rejects.toMatchObject(gone);
    await expect(ask(run(1).slice(0, 4))).rejects.toMatchObject(gone);
    await expect(ask("nothing")).rejects.toMatchObject({ problems: [{ message: "there is no such run" }] });
    await runs.close();
  });

  test("links and files of others are never followed nor removed, and told", async () => {
    await threeRuns();
    const outside = join(rig.folder, "../", `${rig.folder.split("/").at(-1)}-outside`);
    mkdirSync(join(outside, "ab"), { recursive: true });
    for (const path of ["train.log", `ab/${"c".repeat(62)}`]) writeFileSync(join(outside, path), "mine");
    try {
      rmSync(join(rig.folder, "runs", run(0)), { recursive: true });
      symlinkSync(outside, join(rig.folder, "runs", run(0)));
      symlinkSync(join(outside, "train.log"), join(rig.folder, "runs", run(1), "more.log"));
      symlinkSync(outside, join(rig.folder, "store/blobs/zz"));
      rmSync(join(rig.folder, "store/blobs/ab"), { recursive: true, force: true });
      symlinkSync(join(outside, "ab"), join(rig.folder, "store/blobs/ab"));
      writeFileSync(join(rig.folder, "runs", run(1), "notes.txt"), "mine");
      writeFileSync(join(rig.folder, "mine.txt"), "mine");
      const plan = await rig.clean({ retention: NOTHING });
      const told = plan.strangers.map((path) => path.slice(rig.folder.length + 1)).toSorted();
      const wanted = [
        "mine.txt",
        `runs/${run(0)}`,
        `runs/${run(1)}/more.log`,
        `runs/${run(1)}/notes.txt`,
        "store/blobs/ab",
        "store/blobs/zz",
      ];
      expect(told).toEqual(wanted.toSorted());
      expect(readdirSync(outside, { recursive: true }).length).toBe(3);
      expect(readdirSync(join(rig.folder, "runs", run(1))).toSorted()).toEqual(["more.log", "notes.txt"]);
      expect(readFileSync(join(rig.folder, "mine.txt"), "utf8")).toBe("mine");
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  test("an entry that was altered goes and keeps nothing; what a killed process left goes too", async () => {
    await threeRuns();
    rig.write(`store/blobs/aa/${"b".repeat(62)}.0123456789ab-1.tmp`, "half");
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(rig.folder, "work.sqlite"));
    database.exec("UPDATE cache SET checksum = 'x'");
    database.close();
    const plan = await rig.clean({ retention: {} });
    expect([plan.results.keptCount, plan.results.removed.length]).toEqual([0, 6]);
    expect(blobFiles()).toEqual([]);
  });

  test("what was made just now stays, because whoever makes it has not yet said what for", async () => {
    const text = "new ".repeat(9000);
    const digest = digestText(text);
    rig.write(`store/blobs/${digest.slice(0, 2)}/${digest.slice(2)}`, text);
    expect((await rig.clean({ retention: NOTHING, now: Date.now() })).blobs).toMatchObject({
      files: [],
      youngCount: 1,
    });
    expect((await rig.clean({ retention: NOTHING })).blobs.files.length).toBe(1);
  });

  test("a record of runs that can't be read stops all before anything is removed", async () => {
    await threeRuns();
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(rig.folder, "runs.sqlite"));
    database.exec(`UPDATE events SET json = substr(json, 1, 30) WHERE run_id = '${run(2)}'`);
    database.close();
    const before = blobFiles();
    await expect(rig.clean({ retention: NOTHING })).rejects.toMatchObject({ problems: [{ code: "STORE_UNREADABLE" }] });
    expect(blobFiles()).toEqual(before);
  });

  test("a result whose files are gone is a miss", async () => {
    await threeRuns();
    await rig.clean({ retention: NOTHING });
    const work = new WorkDatabase(join(rig.folder, "work.sqlite"));
    expect(await work.cache.get(digestText("train of a"))).toBeNull();
    expect(await work.cache.get(digestText("train of c"))).not.toBeNull();
    work.close();
  });
});
