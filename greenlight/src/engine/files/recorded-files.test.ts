import {
  chmodSync,
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

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { step } from "../../pipeline/define.ts";
import { bundle } from "../../toolkits/delivery/release-steps.ts";
import { Rig } from "../testing/rig.ts";
import { shout } from "../testing/shout.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
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
    await rig.run({ build: [shout] });
    rmSync(join(rig.folder, "out/shout.txt"));
    rig.write("out/shout.txt/inside", "x");
    expect((await rig.run({ build: [shout] })).step("shout").outcome).toBe("passed");
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

test("what is bundled must be what was checked", async () => {
  rig.write("in.txt", "film");
  const check = step("check", { run: "true", inputs: ["in.txt"] });
  const edit = step("edit", { run: "echo other > in.txt" });
  const seal = bundle({ needs: { edit }, files: ["in.txt"], entry: "in.txt" });
  const run = await rig.run({ check: [check], build: [edit, seal] });
  expect(run.step("bundle").outcome).toBe("failed");
  expect(run.step("bundle").problems[0]).toMatchObject({ code: "SOURCE_CHANGED", place: "check" });
});
