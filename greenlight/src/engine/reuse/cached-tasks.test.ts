import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { step } from "../../pipeline/define.ts";
import { Rig } from "../testing/rig.ts";
import { shout } from "../testing/shout.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

describe("a task with unchanged inputs comes from the cache", () => {
  test("the second run says so, and says what the first run's reason was", async () => {
    rig.write("in.txt", "film");
    const first = await rig.run({ build: [shout] });
    expect(first.view.outcome).toBe("passed");
    expect(first.step("shout").why).toBe("ran: it has not passed here yet");
    const second = await rig.run({ build: [shout] });
    expect(second.step("shout")).toMatchObject({
      outcome: "passed",
      isFromCache: true,
      why: "nothing changed since run run1",
    });
    expect(rig.countOf("shout")).toBe(1);
  });

  test("a changed file runs it again and is named", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout] });
    rig.write("in.txt", "movie");
    const second = await rig.run({ build: [shout] });
    expect(second.step("shout")).toMatchObject({ isFromCache: false, why: "ran: in.txt changed" });
    expect(rig.read("out/shout.txt")).toBe("MOVIE");
  });

  test("going back to an older input restores the older result", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout] });
    rig.write("in.txt", "movie");
    await rig.run({ build: [shout] });
    rig.write("in.txt", "film");
    const third = await rig.run({ build: [shout] });
    expect(third.step("shout").isFromCache).toBe(true);
    expect(rig.read("out/shout.txt")).toBe("FILM");
    expect(rig.countOf("shout")).toBe(2);
  });

  test("a deleted or altered output is restored", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout] });
    rmSync(join(rig.folder, "out"), { recursive: true });
    expect((await rig.run({ build: [shout] })).step("shout").isFromCache).toBe(true);
    expect(rig.read("out/shout.txt")).toBe("FILM");
    rig.write("out/shout.txt", "tampered");
    expect((await rig.run({ build: [shout] })).step("shout").isFromCache).toBe(true);
    expect(rig.read("out/shout.txt")).toBe("FILM");
  });

  test("a file that does not belong to an output folder is removed on restore", async () => {
    const make = step("make", { run: "mkdir -p dist && echo 1 > dist/a", inputs: [], outputs: { dist: "dist" } });
    await rig.run({ build: [make] });
    rig.write("dist/stale", "old");
    await rig.run({ build: [make] });
    expect(readdirSync(join(rig.folder, "dist"))).toEqual(["a"]);
  });

  test("a declared variable is part of the inputs, and only a declared one is seen", async () => {
    const show = step("show", {
      run: 'mkdir -p out && echo "$SEEN/$HIDDEN" > out/v',
      inputs: [],
      env: ["SEEN"],
      outputs: { v: "out/v" },
    });
    await rig.run({ build: [show] }, { variables: { SEEN: "1", HIDDEN: "secret" } });
    expect(rig.read("out/v")).toBe("1/\n");
    const second = await rig.run({ build: [show] }, { variables: { SEEN: "2" } });
    expect(second.step("show").why).toBe("ran: variable SEEN changed");
  });

  test("an equal output of a need that ran again cuts off early", async () => {
    rig.write("in.txt", "film");
    const build = shout;
    const use = step("use", {
      run: "mkdir -p out && cat out/shout.txt > out/use && echo x >> count-use",
      inputs: [],
      needs: { build },
      outputs: { use: "out/use" },
    });
    await rig.run({ build: [build, use] });
    rig.write("in.txt", "FILM");
    const second = await rig.run({ build: [build, use] });
    expect(second.step("shout").isFromCache).toBe(false);
    expect(second.step("use")).toMatchObject({ isFromCache: true, why: "nothing changed since run run1" });
    expect(rig.countOf("use")).toBe(1);
  });
});

describe("the cache does not lie", () => {
  test("a damaged blob is found out and the step runs again", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout] });
    rmSync(join(rig.folder, "out"), { recursive: true });
    const work = new DatabaseSync(join(rig.folder, ".greenlight/work.sqlite"));
    const { changes } = work
      .prepare("UPDATE blobs SET bytes = ? WHERE bytes = ?")
      .run(Buffer.from("FAKE"), Buffer.from("FILM"));
    work.close();
    expect(changes).toBe(1);
    const second = await rig.run({ build: [shout] });
    expect(second.step("shout")).toMatchObject({
      outcome: "passed",
      isFromCache: false,
      why: "ran: its result is not in the cache",
    });
    expect(rig.read("out/shout.txt")).toBe("FILM");
    expect(rig.countOf("shout")).toBe(2);
  });

  test("a truncated entry counts as none", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout] });
    const work = new DatabaseSync(join(rig.folder, ".greenlight/work.sqlite"));
    work.exec("UPDATE cache SET json = substr(json, 1, 40)");
    work.close();
    // As long as nothing was touched, no entry is asked for.
    rig.write("in.txt", "film");
    expect((await rig.run({ build: [shout] })).step("shout").isFromCache).toBe(false);
  });

  test("a failure is never cached", async () => {
    const flaky = step("flaky", { run: "test -f ok", inputs: [] });
    expect((await rig.run({ build: [flaky] })).step("flaky")).toMatchObject({
      outcome: "failed",
      why: "ran: it has not passed here yet; exited with 1",
    });
    rig.write("ok", "");
    expect((await rig.run({ build: [flaky] })).step("flaky")).toMatchObject({ outcome: "passed", isFromCache: false });
  });

  test("a step without declared inputs runs each time and says why", async () => {
    const open = step("open", { run: "true" });
    await rig.run({ build: [open] });
    const second = await rig.run({ build: [open] });
    expect(second.step("open").isFromCache).toBe(false);
    expect(second.step("open").why).toContain("never cached: it declares no inputs");
  });

  test("an input that changes while the step runs keeps the result out of the cache", async () => {
    rig.write("in.txt", "film");
    const racy = step("racy", {
      run: "mkdir -p out && cp in.txt out/copy && echo more >> in.txt",
      inputs: ["in.txt"],
      outputs: { copy: "out/copy" },
    });
    expect((await rig.run({ build: [racy] })).step("racy").why).toContain("not cached: an input changed while it ran");
    expect((await rig.run({ build: [racy] })).step("racy").isFromCache).toBe(false);
  });

  test("an output of an earlier execution is not taken for this one's", async () => {
    rig.write("out/copy", "stale");
    const lazy = step("lazy", { run: "true", inputs: [], outputs: { copy: "out/copy" } });
    const run = await rig.run({ build: [lazy] });
    expect(run.step("lazy").outcome).toBe("failed");
    expect(run.step("lazy").problems.map((each) => each.code)).toEqual(["OUTPUT_MISSING"]);
  });
});
