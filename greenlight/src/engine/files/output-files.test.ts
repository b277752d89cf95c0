import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { step } from "../../pipeline/define.ts";
import type { EvidenceSource, StepDefinition } from "../../pipeline/definition.ts";
import { Rig } from "../testing/rig.ts";
import { listOutput } from "./output-files.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

/** Only who may make a file immutable can show one that even they can't remove. */
const MAY_FREEZE = mayFreeze();
const WHY_NOT = MAY_FREEZE ? "" : " (skipped: no right to chattr)";

let rig: Rig;
let outside: string;

beforeEach(() => {
  rig = new Rig();
  outside = mkdtempSync(join(tmpdir(), "greenlight-outside-"));
  writeFileSync(join(outside, "secret"), "precious");
});

afterEach(() => {
  rig.dispose();
  rmSync(outside, { recursive: true, force: true });
}, 120_000);

function mayFreeze(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "greenlight-freeze-"));
  const isFrozen = spawnSync("chattr", ["+i", folder]).status === 0;
  spawnSync("chattr", ["-i", folder]);
  rmSync(folder, { recursive: true, force: true });
  return isFrozen;
}

/** Writes the folder `out` with that shell line, which runs inside of it. */
function make(line: string, outputs: Record<string, string> = { out: "out" }): StepDefinition {
  return step("make", {
    run: `echo x >> count; mkdir -p out && cd out && echo good > good && ${line}`,
    inputs: [],
    outputs,
  });
}

function count(): number {
  return rig.read("count").length / 2;
}

describe("an output that can't be kept whole is not kept at all", () => {
  test.each([
    ["a pipe", "mkfifo bad", "OUTPUT_NO_FILE", "out/bad is no regular file"],
    ["a link to nothing", "ln -s nowhere bad", "OUTPUT_NO_FILE", "out/bad is a link to nothing"],
    ["a link to itself", "ln -s bad bad", "OUTPUT_NO_FILE", "out/bad is a link to nothing"],
    ["a link to a folder around it", "mkdir deep; ln -s .. deep/bad", "OUTPUT_NO_FILE", "a link to a folder around it"],
    ["a link to the whole project", "ln -s ../.. bad", "STEP_OUTPUT_OUTSIDE", "leads out of the project"],
    ["a link to the whole machine", "ln -s / bad", "STEP_OUTPUT_OUTSIDE", "leads out of the project"],
    ["a link to a file elsewhere", "ln -s /etc/passwd bad", "STEP_OUTPUT_OUTSIDE", "leads out of the project"],
  ])("%s in its folder", async (_what, line, code, message) => {
    const startedAt = performance.now();
    const run = await rig.run({ one: [make(line)] });
    expect(run.step("make")).toMatchObject({ outcome: "failed", problems: [{ code }] });
    expect(run.step("make").problems[0]?.message).toContain(message);
    expect(run.step("make").why).not.toContain("missing");
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test.each([
    ["a pipe", "mkfifo bad"],
    ["a link to nothing", "ln -s nowhere bad"],
    ["a link elsewhere", "ln -s /etc/passwd bad"],
  ])("%s as the output itself", async (_what, line) => {
    const run = await rig.run({ one: [make(line, { bad: "out/bad" })] });
    expect(run.step("make").outcome).toBe("failed");
    expect((await rig.run({ one: [make(line, { bad: "out/bad" })] })).step("make").isFromCache).toBe(false);
  });

  test("a socket", async () => {
    const server = createServer();
    const made = make("while ! test -S s; do sleep 0.01; done");
    const running = rig.run({ one: [made] });
    await expect.poll(() => existsSync(join(rig.folder, "out/good"))).toBe(true);
    await new Promise<void>((resolve) => {
      server.listen(join(rig.folder, "out/s"), resolve);
    });
    const run = await running;
    server.close();
    expect(run.step("make").problems[0]?.message).toContain("out/s is no regular file");
  });

  test("a pipe in the place of a report does not hold the run up", async () => {
    const evidence: EvidenceSource[] = [{ format: "junit", path: "out/report", tool: "tests" }];
    const run = await rig.run({ one: [{ ...make("mkfifo report"), evidence }] });
    expect(run.step("make")).toMatchObject({ outcome: "failed", problems: [{ code: "EVIDENCE_UNREADABLE" }] });
    rmSync(join(rig.folder, "out"), { recursive: true });
    const folder = await rig.run({ one: [{ ...make("mkdir report"), evidence }] });
    expect(folder.step("make")).toMatchObject({ outcome: "failed", problems: [{ code: "EVIDENCE_UNREADABLE" }] });
  });
});

describe("an output folder", () => {
  test("is taken whole: hidden files, node_modules, links inside of the project, names of any kind", async () => {
    const line =
      "mkdir -p node_modules/a .git v3 '!odd [x] *' && echo 1 > node_modules/a/index.js && echo 2 > .git/HEAD && " +
      "echo 3 > v3/x && ln -s v3 latest && ln -s good alias && echo 4 > '!odd [x] */{a,b}' && echo 5 > '데이터' && echo 6 > .hidden";
    await rig.run({ one: [make(line)] });
    const before = await listOutput(rig.folder, "out");
    expect(before.files).toEqual([
      "out/!odd [x] */{a,b}",
      "out/.git/HEAD",
      "out/.hidden",
      "out/alias",
      "out/good",
      "out/latest/x",
      "out/node_modules/a/index.js",
      "out/v3/x",
      "out/데이터",
    ]);
    rmSync(join(rig.folder, "out"), { recursive: true });
    expect((await rig.run({ one: [make(line)] })).step("make").isFromCache).toBe(true);
    expect(await listOutput(rig.folder, "out")).toEqual(before);
    expect(rig.read("out/latest/x")).toBe("3\n");
    expect(count()).toBe(1);
  });

  test("with a changed file in node_modules is put right again", async () => {
    const line = "mkdir node_modules && echo 1 > node_modules/a";
    await rig.run({ one: [make(line)] });
    rig.write("out/node_modules/a", "tampered");
    rig.write("out/node_modules/b", "stale");
    expect((await rig.run({ one: [make(line)] })).step("make").isFromCache).toBe(true);
    expect(rig.read("out/node_modules/a")).toBe("1\n");
    expect(existsSync(join(rig.folder, "out/node_modules/b"))).toBe(false);
  });

  test("that became a file, or whose folders became files, is put right again", async () => {
    const line = "mkdir sub && echo 1 > sub/a";
    await rig.run({ one: [make(line)] });
    rmSync(join(rig.folder, "out"), { recursive: true });
    rig.write("out", "a file");
    expect((await rig.run({ one: [make(line)] })).step("make").isFromCache).toBe(true);
    rmSync(join(rig.folder, "out/sub"), { recursive: true });
    rig.write("out/sub", "a file");
    expect((await rig.run({ one: [make(line)] })).step("make").isFromCache).toBe(true);
    expect(rig.read("out/sub/a")).toBe("1\n");
  });

  test("part of which became a link out of the project is put right without touching what lies there", async () => {
    const line = "mkdir sub && echo 1 > sub/a && echo 2 > sub/b";
    await rig.run({ one: [make(line)] });
    // The same content: the step's file seems to be in its place.
    writeFileSync(join(outside, "a"), "1\n");
    writeFileSync(join(outside, "b"), "other");
    rmSync(join(rig.folder, "out/sub"), { recursive: true });
    symlinkSync(outside, join(rig.folder, "out/sub"));
    expect((await rig.run({ one: [make(line)] })).step("make")).toMatchObject({ outcome: "passed", isFromCache: true });
    expect(lstatSync(join(rig.folder, "out/sub")).isDirectory()).toBe(true);
    expect([rig.read("out/sub/a"), rig.read("out/sub/b")]).toEqual(["1\n", "2\n"]);
    expect(readdirSync(outside).toSorted()).toEqual(["a", "b", "secret"]);
    expect(readFileSync(join(outside, "b"), "utf8")).toBe("other");
  });

  test("which is a link out of the project is neither removed nor written", async () => {
    const line = "true";
    await rig.run({ one: [make(line, { good: "out/good" })] });
    rmSync(join(rig.folder, "out"), { recursive: true });
    writeFileSync(join(outside, "good"), "mine");
    symlinkSync(outside, join(rig.folder, "out"));
    const run = await rig.run({ one: [make(line, { good: "out/good" })] });
    expect(run.step("make")).toMatchObject({ outcome: "failed", problems: [{ code: "STEP_OUTPUT_OUTSIDE" }] });
    expect(readFileSync(join(outside, "good"), "utf8")).toBe("mine");
  });

  test("a file of which became a link to an equal file elsewhere gets a file of its own again", async () => {
    await rig.run({ one: [make("true", { good: "out/good" })] });
    writeFileSync(join(outside, "good"), "good\n");
    rmSync(join(rig.folder, "out/good"));
    symlinkSync(join(outside, "good"), join(rig.folder, "out/good"));
    expect((await rig.run({ one: [make("true", { good: "out/good" })] })).step("make").isFromCache).toBe(true);
    expect(lstatSync(join(rig.folder, "out/good")).isFile()).toBe(true);
  });
});

test("a file in the way of an output's folder fails the step with the system's words, not as a bug", async () => {
  await rig.run({ one: [make("true", { good: "out/good" })] });
  renameSync(join(rig.folder, "out"), join(rig.folder, "away"));
  rig.write("out", "in the way");
  const run = await rig.run({ one: [make("true", { good: "out/good" })] });
  expect(run.step("make").outcome).toBe("failed");
  expect(run.step("make").problems.map((each) => each.code)).toEqual(["COMMAND_FAILED"]);
});

test.runIf(IS_HEAVY)(
  "a folder of 20,000 files is kept, left alone and restored with bounded work",
  async () => {
    const line = "i=0; while [ $i -lt 20000 ]; do echo $i > f$i; i=$((i+1)); done";
    const spent: number[] = [];
    const timed = async (): Promise<boolean> => {
      const before = process.cpuUsage();
      const run = await rig.run({ one: [make(line)] });
      const { user, system } = process.cpuUsage(before);
      spent.push(Math.round((user + system) / 1000));
      expect(run.step("make").outcome).toBe("passed");
      return run.step("make").isFromCache;
    };
    expect(await timed()).toBe(false);
    expect(await timed()).toBe(true);
    rmSync(join(rig.folder, "out"), { recursive: true });
    expect(await timed()).toBe(true);
    expect(readdirSync(join(rig.folder, "out"))).toHaveLength(20_001);
    console.log(`20,000 outputs, milliseconds of CPU cold / unchanged / restored: ${spent.join(" / ")}`);
    expect(Math.max(...spent)).toBeLessThan(30_000);
  },
  600_000,
);

test.runIf(MAY_FREEZE)(`a file that may not be removed is the machine's fault${WHY_NOT}`, async () => {
  const folder = join(rig.folder, "out");
  mkdirSync(folder);
  writeFileSync(join(folder, "good"), "old");
  spawnSync("chattr", ["+i", join(folder, "good")]);
  try {
    const run = await rig.run({ one: [make("true")] });
    expect(run.step("make")).toMatchObject({ outcome: "errored", problems: [{ code: "STORE_UNWRITABLE" }] });
  } finally {
    spawnSync("chattr", ["-i", join(folder, "good")]);
  }
});
