import { spawn, type ChildProcess } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime, type ProcessIdentity } from "../base/process-identity.ts";
import { mountSmallDisk, whyNoDisk } from "../engine/testing/small-disk.ts";
import { holdStill, letGo } from "./hold-still.ts";
import { rotateLog, type LogBounds } from "./rotate-log.ts";

const BOUNDS: LogBounds = { rotateBytes: 600, keptBytes: 1000, keptCount: 3 };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rotate-"));
  path = join(folder, "blue.log");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Lines of ten bytes, numbered. */
function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `${String(from + index).padStart(9, "0")}\n`).join("");
}

/** What is kept, the oldest first, the log itself last. */
async function kept(): Promise<string[]> {
  const names = ["blue.log.3", "blue.log.2", "blue.log.1", "blue.log"];
  return Promise.all(names.map((name) => readFile(join(folder, name), "utf8").catch(() => "")));
}

describe("a log", () => {
  test("within its bound stays as it is, and one that is not there is no fault", async () => {
    rotateLog(path, undefined, BOUNDS);
    await writeFile(path, lines(0, 60));
    rotateLog(path, undefined, BOUNDS);
    expect(await readdir(folder)).toEqual(["blue.log"]);
  });

  test("past its bound moves its whole lines on, and the one that is being written stays", async () => {
    await writeFile(path, `${lines(0, 61)}half a li`);
    rotateLog(path, undefined, BOUNDS);
    expect(await kept()).toEqual(["", "", lines(0, 61), "half a li"]);
    await appendFile(path, `ne\n${lines(61, 130)}`);
    rotateLog(path, undefined, BOUNDS);
    expect(await kept()).toEqual(["", lines(0, 61), `half a line\n${lines(61, 130)}`, ""]);
  });

  test("is bounded in number, the oldest goes", async () => {
    for (let round = 0; round < 5; round += 1) {
      await appendFile(path, lines(round * 70, round * 70 + 70));
      rotateLog(path, undefined, BOUNDS);
    }
    expect(await kept()).toEqual([lines(140, 210), lines(210, 280), lines(280, 350), ""]);
  });

  test("that grew very fast is cut at lines into files within the bound", async () => {
    await writeFile(path, lines(0, 1000));
    rotateLog(path, undefined, BOUNDS);
    expect(await kept()).toEqual([lines(700, 800), lines(800, 900), lines(900, 1000), ""]);
  });

  test("whose writers can't be held stays as it is", async () => {
    await writeFile(path, lines(0, 61));
    rotateLog(path, () => null, BOUNDS);
    expect(await readdir(folder)).toEqual(["blue.log"]);
    expect(await readFile(path, "utf8")).toBe(lines(0, 61));
  });

  test("that can't be rotated says why and leaves no half of a file", async () => {
    await writeFile(path, lines(0, 61));
    await mkdir(`${path}.next-0`);
    expect(() => rotateLog(path, undefined, BOUNDS)).toThrow("EISDIR");
    expect(await readFile(path, "utf8")).toBe(lines(0, 61));
  });
});

const noDisk = whyNoDisk();
describe.skipIf(noDisk !== "")(`on a full disk${noDisk}`, () => {
  const bounds: LogBounds = { rotateBytes: 300_000, keptBytes: 400_000, keptCount: 2 };

  test("the oldest files make room, and without any the end of the log stays, which says so", async () => {
    const disk = mountSmallDisk(1_000_000);
    if (disk === null) throw new Error("no disk");
    try {
      const log = join(disk.path, "blue.log");
      await writeFile(`${log}.1`, lines(0, 30_000));
      await writeFile(log, lines(30_000, 65_000));
      const filler = join(disk.path, "filler");
      await fill(filler);
      rotateLog(log, undefined, bounds);
      expect(await readdir(disk.path)).toEqual(["blue.log", "filler"]);
      const text = await readFile(log, "utf8");
      expect(text.startsWith("--- the disk is full")).toBe(true);
      expect(text.endsWith(lines(64_000, 65_000))).toBe(true);
      expect(text.length).toBeLessThan(70_000);
    } finally {
      disk.unmount();
    }
  });
});

describe.runIf(process.platform === "linux")("while a service writes", () => {
  let children: ChildProcess[];
  beforeEach(() => {
    children = [];
  });
  afterEach(() => {
    for (const child of children) if (child.pid !== undefined && child.exitCode === null) kill(-child.pid);
  });

  function start(program: string): ProcessIdentity {
    const child = spawn(process.execPath, ["-e", program], { detached: true, stdio: ["ignore", "ignore", "inherit"] });
    children.push(child);
    const pid = child.pid ?? 0;
    return { pid, startTime: processStartTime(pid) ?? "gone" };
  }

  test("no line of it or of its child is lost, torn or out of order over many rotations", async () => {
    // Two processes as fast as they can, each line in two writes, so that a cut between them would show.
    const writer = `
      const { appendFileSync, openSync, writeSync } = require("node:fs");
      const log = openSync(${JSON.stringify(path)}, "a");
      const name = process.argv[1] ?? "parent";
      if (name === "parent") require("node:child_process").spawn(process.execPath, ["-e", process.env.PROGRAM, "child"], { stdio: "inherit" });
      const until = Date.now() + 1500;
      for (let number = 0; Date.now() < until; number += 1) writeSync(log, name + " " + number + " " + "x".repeat(number % 300) + "\\n");
      writeSync(log, name + " end\\n");`;
    process.env["PROGRAM"] = writer;
    const identity = start(writer);
    delete process.env["PROGRAM"];
    const bounds: LogBounds = { rotateBytes: 1_000_000, keptBytes: 4_000_000, keptCount: 1000 };
    let rotationCount = 0;
    const pausesMs: number[] = [];
    let ends = 0;
    while (ends < 2) {
      const { size } = await stat(path).catch(() => ({ size: 0 }));
      if (size > bounds.rotateBytes) {
        rotateLog(
          path,
          () => {
            const startedAt = performance.now();
            const release = holdStill(identity, `${path}.held`);
            return (
              release &&
              (() => {
                release();
                pausesMs.push(performance.now() - startedAt);
                rotationCount += 1;
              })
            );
          },
          bounds,
        );
      }
      ends =
        processStartTime(identity.pid) === null ? (await allLines()).filter((line) => line.endsWith(" end")).length : 0;
    }
    const seen = await allLines();
    for (const name of ["parent", "child"]) {
      const own = seen.filter((line) => line.startsWith(`${name} `));
      expect(own.at(-1)).toBe(`${name} end`);
      const wrong = own.slice(0, -1).filter((line, index) => line !== `${name} ${index} ${"x".repeat(index % 300)}`);
      expect([name, own.length > 1000, wrong.slice(0, 3)]).toEqual([name, true, []]);
    }
    expect(seen.filter((line) => !/^(parent|child) (end|\d+ x*)$/u.test(line))).toEqual([]);
    expect(rotationCount).toBeGreaterThan(3);
    console.log(`${rotationCount} rotations, longest pause ${Math.max(...pausesMs).toFixed(1)} ms`);
  });

  test("whoever a killed keeper held is let go on by the next, and whom a person stopped is not", async () => {
    const mark = `${path}.held`;
    const idle = "setInterval(() => {}, 1000)";
    const [held, stopped] = [start(idle), start(idle)];
    process.kill(stopped.pid, "SIGSTOP");
    await expect.poll(() => stateOf(stopped.pid)).toBe("T");
    expect(holdStill(held, mark)).not.toBeNull();
    expect(holdStill(stopped, `${mark}-2`)).not.toBeNull();
    expect(await stateOf(held.pid)).toBe("T");
    letGo(mark);
    letGo(`${mark}-2`);
    await expect.poll(() => stateOf(held.pid)).not.toBe("T");
    expect(await stateOf(stopped.pid)).toBe("T");
    expect(await readdir(folder)).toEqual([]);
  });

  test("a process that is gone, or a pid that was given to another, holds nobody", async () => {
    const other = start("setInterval(() => {}, 1000)");
    holdStill({ pid: other.pid, startTime: "long ago" }, `${path}.held`)?.();
    await writeFile(`${path}.held`, JSON.stringify([{ pid: other.pid, startTime: "long ago" }]));
    process.kill(other.pid, "SIGSTOP");
    await expect.poll(() => stateOf(other.pid)).toBe("T");
    letGo(`${path}.held`);
    expect(await stateOf(other.pid)).toBe("T");
  });
});

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

async function stateOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  return text[text.lastIndexOf(")") + 2];
}

async function allLines(): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /^blue\.log(\.\d+)?$/u.test(name));
  const ordered = names.toSorted((left, right) => numberOf(right) - numberOf(left));
  const texts = await Promise.all(ordered.map((name) => readFile(join(folder, name), "utf8")));
  return texts.join("").trimEnd().split("\n");
}

function numberOf(name: string): number {
  return Number(name.split(".")[2] ?? 0);
}

async function fill(file: string): Promise<void> {
  await writeFile(file, "");
  for (const size of [65_536, 4096]) {
    for (let isFull = false; !isFull;) {
      isFull = await appendFile(file, Buffer.alloc(size)).then(
        () => false,
        () => true,
      );
    }
  }
}
