import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { limitTag } from "../../base/limit-tag.ts";
import { ownIdentity, processStartTime } from "../../base/process-identity.ts";
import { endAbandonedSteps, recordEngine } from "./engine-record.ts";
import { ENGINE_TOKEN, STEP_MARKER } from "./step-marker.ts";

const DEAD = "0123456789abcdef";
const GONE = { pid: process.pid, startTime: "of an earlier life" };
let folder: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-record-"));
  mkdirSync(join(folder, "engines"));
  children = [];
});

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

function record(name: string, ...lines: readonly string[]): void {
  writeFileSync(join(folder, "engines", name), lines.map((line) => `${line}\n`).join(""));
}

function start(env: Readonly<Record<string, string>>, command: readonly string[] = ["sleep", "300"]): number {
  const [file = "", ...args] = command;
  const child: ChildProcess = spawn(file, args, {
    env: { PATH: process.env["PATH"], ...env },
    stdio: "ignore",
    detached: true,
  });
  children.push(child);
  if (child.pid === undefined) throw new Error("sleep did not start");
  return child.pid;
}

function isRunning(pid: number): boolean {
  return processStartTime(pid) !== null;
}

function records(): string[] {
  return readdirSync(join(folder, "engines"));
}

describe.runIf(process.platform === "linux")("what bears the token of a dead engine", () => {
  test("is ended, also within steps of other engines, and the record goes", () => {
    record(DEAD, JSON.stringify(GONE));
    const pids = [start({ [STEP_MARKER]: `${DEAD}:1` }), start({ [STEP_MARKER]: `aa:7/${DEAD}:2/bb:9` })];
    expect(endAbandonedSteps(folder)).toBe(2);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(records()).toEqual([]);
  });

  test("is ended by its tag alone, and those with the tag of another engine are left alone", async () => {
    record(DEAD, JSON.stringify(GONE));
    const pids = [limitTag(DEAD, 3), limitTag("fedcba9876543210", 3), ""].map((tag) =>
      start({}, ["/bin/bash", "-c", `ulimit -S -x ${tag || "unlimited"}; exec sleep 300`]),
    );
    const names = (): string[] => pids.map((pid) => readFileSync(`/proc/${pid}/comm`, "utf8"));
    await expect.poll(names, { interval: 5 }).toEqual(["sleep\n", "sleep\n", "sleep\n"]);
    expect(endAbandonedSteps(folder)).toBe(1);
    expect(pids.map(isRunning)).toEqual([false, true, true]);
  });

  test("is ended although the record is torn, as its name is the token", () => {
    record(DEAD, '{"pid":');
    const pid = start({ [STEP_MARKER]: `${DEAD}:1` });
    expect(endAbandonedSteps(folder)).toBe(1);
    expect(isRunning(pid)).toBe(false);
  });

  test("is left alone as long as that engine lives", () => {
    record(DEAD, JSON.stringify(ownIdentity()));
    const pid = start({ [STEP_MARKER]: `${DEAD}:1` });
    expect(endAbandonedSteps(folder)).toBe(0);
    expect(isRunning(pid)).toBe(true);
    expect(records()).toEqual([DEAD]);
  });

  test("others are left alone: another token, another variable, no marker at all", () => {
    record(DEAD, JSON.stringify(GONE));
    const pids = [
      start({ [STEP_MARKER]: "fedcba9876543210:1" }),
      start({ [STEP_MARKER]: `${DEAD}0:1` }),
      start({ [`X${STEP_MARKER}`]: `${DEAD}:1` }),
      start({}),
    ];
    expect(endAbandonedSteps(folder)).toBe(0);
    expect(pids.filter(isRunning)).toEqual(pids);
  });
});

describe("what a dead engine wrote down", () => {
  test("is ended when it started then", () => {
    const pid = start({});
    record(DEAD, JSON.stringify(GONE), `${pid} ${Date.now()}`);
    expect(endAbandonedSteps(folder)).toBe(1);
    expect(isRunning(pid)).toBe(false);
  });

  test("is left alone when the pid was given to somebody else since", () => {
    const pid = start({});
    record(DEAD, JSON.stringify(GONE), `${pid} ${Date.now() - 60_000}`, `${pid} x`, "x", "0 0", "-1 1");
    expect(endAbandonedSteps(folder)).toBe(0);
    expect(isRunning(pid)).toBe(true);
  });
});

describe("the record", () => {
  test("stands while an engine runs steps, and is nobody's when there was none", () => {
    rmSync(join(folder, "engines"), { recursive: true });
    expect(endAbandonedSteps(folder)).toBe(0);
    const forget = recordEngine(folder);
    expect(records()).toEqual([ENGINE_TOKEN]);
    expect(endAbandonedSteps(folder)).toBe(0);
    forget();
    expect(records()).toEqual([]);
  });

  test("files of other names stay where they are", () => {
    writeFileSync(join(folder, "engines", "notes.txt"), "");
    endAbandonedSteps(folder);
    expect(existsSync(join(folder, "engines", "notes.txt"))).toBe(true);
  });

  test("a folder that can't be written costs nothing but the record", () => {
    writeFileSync(join(folder, "file"), "");
    const forget = recordEngine(join(folder, "file"));
    forget();
    expect(endAbandonedSteps(join(folder, "file"))).toBe(0);
  });
});
