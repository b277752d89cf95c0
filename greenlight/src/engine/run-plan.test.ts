import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime } from "../base/process-identity.ts";
import { effectStep, functionStep, step } from "../pipeline/define.ts";
import type { StepDefinition } from "../pipeline/definition.ts";
import { bundle } from "../toolkits/delivery/release-steps.ts";
import { Rig } from "./testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

/** A task that copies its input in upper case and counts its executions in a file that nobody declares. */
function shout(
  options: { readonly needs?: Record<string, StepDefinition>; readonly name?: string } = {},
): StepDefinition {
  const name = options.name ?? "shout";
  return step(name, {
    run: `mkdir -p out && tr a-z A-Z < in.txt > out/${name}.txt && echo x >> count-${name}`,
    inputs: ["in.txt"],
    outputs: { text: `out/${name}.txt` },
    needs: options.needs ?? {},
  });
}

function countOf(name: string): number {
  return existsSync(join(rig.folder, `count-${name}`)) ? rig.read(`count-${name}`).length / 2 : 0;
}

describe("a task with unchanged inputs comes from the cache", () => {
  test("the second run says so, and says what the first run's reason was", async () => {
    rig.write("in.txt", "film");
    const first = await rig.run({ build: [shout()] });
    expect(first.view.outcome).toBe("passed");
    expect(first.step("shout").why).toBe("ran: it has not passed here yet");
    const second = await rig.run({ build: [shout()] });
    expect(second.step("shout")).toMatchObject({
      outcome: "passed",
      isFromCache: true,
      why: "nothing changed since run run1",
    });
    expect(countOf("shout")).toBe(1);
  });

  test("a changed file runs it again and is named", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout()] });
    rig.write("in.txt", "movie");
    const second = await rig.run({ build: [shout()] });
    expect(second.step("shout")).toMatchObject({ isFromCache: false, why: "ran: in.txt changed" });
    expect(rig.read("out/shout.txt")).toBe("MOVIE");
  });

  test("going back to an older input restores the older result", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout()] });
    rig.write("in.txt", "movie");
    await rig.run({ build: [shout()] });
    rig.write("in.txt", "film");
    const third = await rig.run({ build: [shout()] });
    expect(third.step("shout").isFromCache).toBe(true);
    expect(rig.read("out/shout.txt")).toBe("FILM");
    expect(countOf("shout")).toBe(2);
  });

  test("a deleted or altered output is restored", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout()] });
    rmSync(join(rig.folder, "out"), { recursive: true });
    expect((await rig.run({ build: [shout()] })).step("shout").isFromCache).toBe(true);
    expect(rig.read("out/shout.txt")).toBe("FILM");
    rig.write("out/shout.txt", "tampered");
    expect((await rig.run({ build: [shout()] })).step("shout").isFromCache).toBe(true);
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
    const build = shout();
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
    expect(countOf("use")).toBe(1);
  });
});

describe("the cache does not lie", () => {
  test("a damaged blob is found out and the step runs again", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout()] });
    rmSync(join(rig.folder, "out"), { recursive: true });
    const work = new DatabaseSync(join(rig.folder, ".greenlight/work.sqlite"));
    const { changes } = work
      .prepare("UPDATE blobs SET bytes = ? WHERE bytes = ?")
      .run(Buffer.from("FAKE"), Buffer.from("FILM"));
    work.close();
    expect(changes).toBe(1);
    const second = await rig.run({ build: [shout()] });
    expect(second.step("shout")).toMatchObject({
      outcome: "passed",
      isFromCache: false,
      why: "ran: its result is not in the cache",
    });
    expect(rig.read("out/shout.txt")).toBe("FILM");
    expect(countOf("shout")).toBe(2);
  });

  test("a truncated entry counts as none", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout()] });
    const work = new DatabaseSync(join(rig.folder, ".greenlight/work.sqlite"));
    work.exec("UPDATE cache SET json = substr(json, 1, 40)");
    work.close();
    // As long as nothing was touched, no entry is asked for.
    rig.write("in.txt", "film");
    expect((await rig.run({ build: [shout()] })).step("shout").isFromCache).toBe(false);
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

describe("files with unusual names and kinds", () => {
  test("a name with brackets is an input and an output like any other", async () => {
    rig.write("films (1).jsonl", "a");
    const copy = step("copy", {
      run: 'mkdir -p "out (1)" && cp "films (1).jsonl" "out (1)/copy"',
      inputs: ["films (1).jsonl"],
      outputs: { copy: "out (1)" },
    });
    expect((await rig.run({ one: [copy] })).step("copy").outcome).toBe("passed");
    expect((await rig.run({ one: [copy] })).step("copy").isFromCache).toBe(true);
    rig.write("films (1).jsonl", "b");
    expect((await rig.run({ one: [copy] })).step("copy").why).toBe("ran: films (1).jsonl changed");
    expect(rig.read("out (1)/copy")).toBe("b");
  });

  test("what a link leads to is the input; a link out of the repository is refused", async () => {
    rig.write("real/films", "a");
    symlinkSync(join(rig.folder, "real/films"), join(rig.folder, "link"));
    const read = step("read", { run: "cat link", inputs: ["link"] });
    await rig.run({ one: [read] });
    rig.write("real/films", "b");
    expect((await rig.run({ one: [read] })).step("read").why).toBe("ran: link changed");
    rmSync(join(rig.folder, "link"));
    symlinkSync("/etc/hostname", join(rig.folder, "link"));
    expect((await rig.run({ one: [read] })).step("read").problems[0]?.code).toBe("STEP_INPUT_OUTSIDE");
  });

  test("a folder in the place of a cached output file gives way", async () => {
    rig.write("in.txt", "film");
    await rig.run({ build: [shout()] });
    rmSync(join(rig.folder, "out/shout.txt"));
    rig.write("out/shout.txt/inside", "x");
    expect((await rig.run({ build: [shout()] })).step("shout").outcome).toBe("passed");
    expect(rig.read("out/shout.txt")).toBe("FILM");
  });

  test("two names that look alike as files keep logs of their own", async () => {
    const one = step("a b", { run: "echo one", inputs: [] });
    const two = step("a-b", { run: "echo two", inputs: [] });
    await rig.run({ s: [one, two] });
    const logs = join(rig.folder, ".greenlight/runs/run1");
    const texts = readdirSync(logs).map((file) => readFileSync(join(logs, file), "utf8"));
    expect(texts.toSorted()).toEqual(["one\n", "two\n"]);
  });
});

describe("what a step reads is what was recorded", () => {
  test("an output that was overwritten before its use is told, and nothing is cached under it", async () => {
    const make = step("make", { run: "mkdir -p out && echo good > out/x", inputs: [], outputs: { x: "out/x" } });
    const spoil = step("spoil", { run: "echo evil > out/x", needs: { make } });
    const copy = step("copy", { run: "cp out/x out/y", inputs: [], needs: { make }, outputs: { y: "out/y" } });
    const spoilt = await rig.run({ one: [make], two: [spoil], three: [copy] });
    expect(spoilt.step("copy").outcome).toBe("failed");
    expect(spoilt.step("copy").problems[0]).toMatchObject({ code: "SOURCE_CHANGED", place: "make" });
    const sound = await rig.run({ one: [make], three: [copy] });
    expect(sound.step("copy")).toMatchObject({ outcome: "passed", isFromCache: false });
    expect(rig.read("out/y")).toBe("good\n");
  });

  test("an output behind a link that leads out of the project is left alone", async () => {
    const outside = mkdtempSync(join(tmpdir(), "greenlight-outside-"));
    try {
      writeFileSync(join(outside, "kept"), "precious");
      symlinkSync(outside, join(rig.folder, "out"));
      const run = await rig.run({ one: [step("make", { run: "true", inputs: [], outputs: { all: "out/kept" } })] });
      expect(run.step("make").problems[0]?.code).toBe("STEP_OUTPUT_OUTSIDE");
      expect(readFileSync(join(outside, "kept"), "utf8")).toBe("precious");
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  test("the time zone and the language of the caller do not reach a step that does not declare them", async () => {
    const show = step("show", {
      run: 'mkdir -p out && echo "$TZ $LANG $CI" > out/v',
      inputs: [],
      outputs: { v: "out/v" },
    });
    await rig.run({ build: [show] }, { variables: { TZ: "Asia/Tokyo", LANG: "ko_KR.UTF-8", CI: "1" } });
    expect(rig.read("out/v")).toBe("UTC C.UTF-8 \n");
  });

  test("an executable bit that was lost or won is put back", async () => {
    const make = step("make", {
      run: "mkdir -p out && echo x > out/a && chmod +x out/a && echo x > out/b",
      inputs: [],
      outputs: { out: "out" },
    });
    await rig.run({ build: [make] });
    chmodSync(join(rig.folder, "out/a"), 0o644);
    chmodSync(join(rig.folder, "out/b"), 0o755);
    expect((await rig.run({ build: [make] })).step("make").isFromCache).toBe(true);
    expect([
      statSync(join(rig.folder, "out/a")).mode & 0o111,
      statSync(join(rig.folder, "out/b")).mode & 0o111,
    ]).toEqual([0o111, 0]);
  });
});

describe("a failure stops what depends on it and nothing else", () => {
  test("siblings finish, dependents and later stages are skipped with the reason, `finally` runs", async () => {
    const bad = step("bad", { run: "echo broken film; exit 3", inputs: [] });
    const needs = step("needs bad", { run: "true", inputs: [], needs: { bad } });
    const sibling = step("sibling", { run: "true", inputs: [] });
    const later = step("later", { run: "true", inputs: [] });
    const last = step("last", { run: "echo x >> count-last", inputs: [] });
    const run = await rig.run({ one: [bad, needs, sibling], two: [later] }, { finally: [last] });
    expect(run.view.outcome).toBe("failed");
    expect(run.step("bad").problems[0]?.message).toContain("broken film");
    expect(run.step("needs bad")).toMatchObject({ outcome: "skipped", why: 'it needs "bad", which ended as failed' });
    expect(run.step("sibling").outcome).toBe("passed");
    expect(run.step("later")).toMatchObject({ outcome: "skipped", why: "stage one did not pass" });
    expect(countOf("last")).toBe(1);
  });

  test("a command that does not exist fails with its message", async () => {
    const run = await rig.run({ one: [step("gone", { run: "no-such-tool-here", inputs: [] })] });
    expect(run.step("gone").problems[0]?.message).toMatch(/exited with 127[\s\S]*not found/u);
  });

  test("a step that takes too long is ended and told", async () => {
    const slow = step("slow", { run: "sleep 60", inputs: [], timeoutMs: 200 });
    const run = await rig.run({ one: [slow] });
    expect(run.step("slow")).toMatchObject({ outcome: "failed" });
    expect(run.step("slow").problems[0]?.code).toBe("STEP_TIMEOUT");
  });
});

describe("a cancelled run leaves nothing behind", () => {
  test("the whole process group ends, also what ignores TERM, and the record says cancelled", async () => {
    const controller = new AbortController();
    const stubborn = step("stubborn", {
      run: "trap '' TERM; sleep 300 & echo $! > pids; echo $$ >> pids; wait; sleep 300",
      inputs: [],
    });
    const after = step("after", { run: "true", inputs: [] });
    const running = rig.run({ one: [stubborn], two: [after] }, { signal: controller.signal });
    await expect.poll(() => existsSync(join(rig.folder, "pids")) && rig.read("pids").trim().split("\n").length).toBe(2);
    controller.abort();
    const run = await running;
    expect(run.view.outcome).toBe("cancelled");
    expect(run.step("stubborn").outcome).toBe("cancelled");
    expect(run.step("after").outcome).toBe("cancelled");
    expect(run.events.at(-1)).toMatchObject({ type: "run-ended", outcome: "cancelled" });
    for (const pid of rig.read("pids").trim().split("\n"))
      await expect.poll(() => processStartTime(Number(pid))).toBeNull();
  });

  test("a child in a session of its own does not hold the step up", async () => {
    const daemon = step("daemon", {
      run: "setsid sh -c 'echo $$ > pid; exec sleep 60' & while [ ! -s pid ]; do :; done",
      inputs: [],
    });
    const startedAt = performance.now();
    try {
      expect((await rig.run({ one: [daemon] })).step("daemon").outcome).toBe("passed");
      expect(performance.now() - startedAt).toBeLessThan(20_000);
    } finally {
      process.kill(Number(rig.read("pid")), "SIGKILL");
    }
  });

  test("a background process of a passed step does not outlive it", async () => {
    const leaky = step("leaky", { run: "sleep 300 & echo $! > pid", inputs: [] });
    expect((await rig.run({ one: [leaky] })).step("leaky").outcome).toBe("passed");
    await expect.poll(() => processStartTime(Number(rig.read("pid")))).toBeNull();
  });
});

describe("function steps", () => {
  test("a module's export is called with JSON and its code is an input", async () => {
    rig.write("word.mjs", "export const word = 'film';");
    rig.write(
      "make.mjs",
      "import { writeFileSync } from 'node:fs'; import { word } from './word.mjs'; export async function make(args, { outputs }) { writeFileSync(outputs.text, word + args.suffix); }",
    );
    const make = functionStep("make", {
      module: "./make.mjs",
      export: "make",
      args: { suffix: "!" },
      outputs: { text: "out/text" },
    });
    await rig.run({ one: [make] });
    expect(rig.read("out/text")).toBe("film!");
    expect((await rig.run({ one: [make] })).step("make").isFromCache).toBe(true);
    rig.write("word.mjs", "export const word = 'movie';");
    expect((await rig.run({ one: [make] })).step("make").why).toBe("ran: word.mjs changed");
  });

  test("a computed import makes it uncacheable, and it says so", async () => {
    rig.write("make.mjs", "export async function make() { await import('node:' + 'fs'); }");
    const make = functionStep("make", { module: "./make.mjs", export: "make" });
    const run = await rig.run({ one: [make] });
    expect(run.step("make").why).toContain("not cached: make.mjs imports what can't be known before");
  });

  test("what it throws is told", async () => {
    rig.write("make.mjs", "export async function make() { throw new Error('no films today'); }");
    const run = await rig.run({ one: [functionStep("make", { module: "./make.mjs", export: "make" })] });
    expect(run.step("make").problems[0]?.message).toContain("no films today");
  });
});

describe("effects", () => {
  const place = "./place.mjs";
  const effect = effectStep("place", { module: place, export: "place", args: { to: "shelf" } });

  test("an effect observes first and says when it is already so", async () => {
    rig.write(
      "place.mjs",
      `import { existsSync, writeFileSync } from "node:fs";
       export async function place(args, context) {
         const path = context.project.folder + "/" + args.to;
         const isAlready = existsSync(path);
         if (!isAlready) writeFileSync(path, "");
         return { outcome: "passed", isAlready, why: isAlready ? "it stands there" : "placed", problems: [], evidence: [], facts: { path: args.to }, subject: args.to };
       }`,
    );
    expect((await rig.run({ one: [effect] })).step("place")).toMatchObject({
      isAlready: false,
      why: "placed",
      facts: { path: "shelf" },
    });
    expect((await rig.run({ one: [effect] })).step("place")).toMatchObject({ isAlready: true, why: "it stands there" });
  });

  test("evidence about a subject is recalled by the next run", async () => {
    rig.write(
      "place.mjs",
      `export async function place(args, context) {
         const before = await context.recall("thing");
         return { outcome: "passed", isAlready: before !== null, why: before === null ? "done" : "done in " + before.runId, problems: [], evidence: [], facts: {}, subject: "thing" };
       }`,
    );
    await rig.run({ one: [effect] });
    expect((await rig.run({ one: [effect] })).step("place")).toMatchObject({ isAlready: true, why: "done in run1" });
  });

  test("an approval that nobody can give makes the run wait, and later stages don't start", async () => {
    rig.write(
      "place.mjs",
      `export async function place(args, context) {
         const answer = await context.approve({ environment: "production", releaseId: "r", digest: "d", summary: "s" });
         return { outcome: answer.kind === "granted" ? "passed" : "waiting", isAlready: false, why: answer.kind, problems: [], evidence: [], facts: {}, subject: null };
       }`,
    );
    const after = step("after", { run: "true", inputs: [] });
    const waiting = await rig.run({ one: [effect], two: [after] });
    expect(waiting.view.outcome).toBe("waiting");
    expect(waiting.step("after").outcome).toBe("skipped");
    const granted = await rig.run(
      { one: [effect], two: [after] },
      { approver: async () => ({ kind: "granted", by: "kim", how: "--yes", why: "" }) },
    );
    expect(granted.view.outcome).toBe("passed");
    expect(granted.view.approvals[0]).toMatchObject({ by: "kim", how: "--yes", digest: "d" });
  });

  test("an effect that throws is errored, and the record closes", async () => {
    rig.write("place.mjs", "export async function place() { throw new Error('shelf fell'); }");
    const run = await rig.run({ one: [effect] });
    expect(run.step("place")).toMatchObject({ outcome: "errored", why: "shelf fell" });
    expect(run.events.at(-1)?.type).toBe("run-ended");
  });
});

test("what is bundled must be what was checked", async () => {
  rig.write("in.txt", "film");
  const check = step("check", { run: "true", inputs: ["in.txt"] });
  const edit = step("edit", { run: "echo other > in.txt" });
  const seal = bundle({ needs: { edit }, files: ["in.txt"], entry: "in.txt" });
  const run = await rig.run({ check: [check], build: [edit, seal] });
  expect(run.step("bundle").outcome).toBe("failed");
  expect(run.step("bundle").problems[0]).toMatchObject({ code: "SOURCE_CHANGED", place: "check" });
});
