import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { isRunning, StepRig } from "../testing/step-rig.ts";
import { NO_MASKING } from "./masking.ts";
import { beginSteps, type StepProcess } from "./step-process.ts";

const isLinux = process.platform === "linux";
const canMount = isLinux && process.getuid?.() === 0;
/** Leaves the group and the session, and writes its pid down. */
const STRAY = "setsid sh -c 'echo $$ >> strays; sleep 300' </dev/null >/dev/null 2>&1 &";
/** Drops the environment as well. */
const BARE_STRAY = STRAY.replace("setsid", 'env -i PATH="$PATH" setsid');

let rig: StepRig;
let endSteps: () => Promise<void>;

beforeEach(() => {
  rig = new StepRig();
  endSteps = beginSteps(join(rig.folder, "state"));
});

afterEach(async () => {
  vi.useRealTimers();
  await endSteps();
  rig.dispose("pids", "strays");
});

/** Waits until the step has written so many pids, then cancels it. */
async function cancelled(command: string, count: number, change: Partial<StepProcess> = {}) {
  const cancel = new AbortController();
  const exit = rig.run(command, { ...change, signal: cancel.signal });
  await expect.poll(() => [...rig.pidsIn("pids"), ...rig.pidsIn("strays")].length, { interval: 5 }).toBe(count);
  cancel.abort();
  return exit;
}

function left(): number[] {
  return [...rig.pidsIn("pids"), ...rig.pidsIn("strays")].filter(isRunning);
}

/** The two ways to be started: by way of a shell, and, since there is something to mask, directly. */
const WAYS: readonly (readonly [string, Pick<StepProcess, "mask">])[] = [
  ["without a mask", { mask: null }],
  ["with a mask", { mask: NO_MASKING.merged }],
];

describe.each(WAYS)("a step %s", (_name, way) => {
  test("ends with its status, and its log holds what it wrote in order", async () => {
    const exit = await rig.run("echo one; echo two >&2; exit 7", way);
    expect(exit).toEqual({
      exitCode: 7,
      signalName: null,
      ending: "exited",
      message: "",
      logBytes: 8,
      logNote: null,
    });
    expect(rig.log().split("\n").toSorted()).toEqual(["", "one", "two"]);
  });

  test("appends to what an earlier attempt wrote", async () => {
    await rig.run("echo first", way);
    expect(await rig.run("echo second", way)).toMatchObject({ logBytes: 13 });
    expect(rig.log()).toBe("first\nsecond\n");
  });

  test("bytes that are no UTF-8 pass as they are", async () => {
    await rig.run(String.raw`printf '\377\000\303'; printf '\251\n'`, way);
    expect(readFileSync(rig.logPath).toString("hex")).toBe("ff00c3a90a");
  });

  test("a background child that keeps its output open is ended with it and does not make it wait", async () => {
    const startedAt = performance.now();
    await rig.run("sleep 300 & echo $! > pids", way);
    expect(performance.now() - startedAt).toBeLessThan(900);
    await expect.poll(left, { interval: 5 }).toEqual([]);
  });

  test("one that closes its output runs on to its end", async () => {
    expect(await rig.run("exec >&- 2>&-; touch ran; exit 3", way)).toMatchObject({ exitCode: 3, ending: "exited" });
    expect(rig.read("ran")).toBe("");
  });

  test("when cancelled, ends with all of its children, also those that ignore TERM", async () => {
    const command = "trap '' TERM; sleep 300 & echo $! >> pids; sh -c 'echo $$ >> pids; sleep 300' & wait; wait";
    expect(await cancelled(command, 2, { ...way, graceMs: 100 })).toMatchObject({ ending: "cancelled" });
    expect(left()).toEqual([]);
  });

  test("when cancelled, gets TERM and the time to tidy up, its children too", async () => {
    const child =
      "sh -c 'trap \"sleep 0.2; touch tidied; exit\" TERM; echo $$ >> pids; while :; do sleep 0.01; done' &";
    const exit = await cancelled(`${child} wait`, 1, { ...way, graceMs: 5000 });
    expect(exit.ending).toBe("cancelled");
    expect(rig.read("tidied")).toBe("");
    expect(left()).toEqual([]);
  });

  test.runIf(isLinux)("when cancelled while it is stopped, hears TERM all the same", async () => {
    const command = "trap 'touch heard; exit' TERM; echo $$ > pids; kill -STOP $$; while :; do sleep 0.01; done";
    const cancel = new AbortController();
    const exit = rig.run(command, { ...way, signal: cancel.signal, graceMs: 5000 });
    const state = (): string | undefined => {
      const [pid] = rig.pidsIn("pids");
      return pid === undefined ? undefined : readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0];
    };
    await expect.poll(state, { interval: 5 }).toBe("T");
    cancel.abort();
    expect((await exit).ending).toBe("cancelled");
    expect(rig.read("heard")).toBe("");
  });

  test("when cancelled, tells each process once", async () => {
    const child = "sh -c 'trap \"echo x >> heard\" TERM; echo $$ >> pids; while :; do sleep 0.01; done' &";
    await cancelled(`${child} trap "" TERM; wait; wait`, 1, { ...way, graceMs: 200 });
    expect(rig.read("heard")).toBe("x\n");
  });

  test.runIf(isLinux)("when cancelled, takes along what left its group: a new session, a double fork", async () => {
    const daemon = "(setsid sh -c 'sh -c \"echo \\$\\$ >> strays; sleep 300\" & ' &)";
    await cancelled(`${STRAY} ${daemon}; echo $$ > pids; sleep 300`, 3, way);
    expect(left()).toEqual([]);
  });

  test.runIf(isLinux)("when cancelled, takes along what left its group without its environment", async () => {
    const daemon = `(env -i PATH="$PATH" setsid sh -c 'sh -c "echo \\$\\$ >> strays; exec sleep 300" & ' &)`;
    await cancelled(`${BARE_STRAY} ${daemon}; echo $$ > pids; sleep 300`, 3, way);
    expect(left()).toEqual([]);
  });

  test.runIf(isLinux)("when it takes too long, likewise", async () => {
    const exit = await rig.run(`${BARE_STRAY} while [ ! -s strays ]; do sleep 0.01; done; sleep 300`, {
      ...way,
      timeoutMs: 400,
    });
    expect(exit).toMatchObject({ ending: "timed-out" });
    expect(rig.pidsIn("strays")).toHaveLength(1);
    expect(left()).toEqual([]);
  });

  test.runIf(isLinux)("what left its group before it ended by itself lives until the run ends, no longer", async () => {
    const wait = "while [ ! -s strays ] || [ $(wc -l < strays) -lt 2 ]; do sleep 0.01; done";
    expect(await rig.run(`${STRAY} ${BARE_STRAY} ${wait}`, way)).toMatchObject({ exitCode: 0 });
    expect(left()).toHaveLength(2);
    await endSteps();
    expect(left()).toEqual([]);
  });

  test("a log that can't be opened is told, and the step does not run", async () => {
    writeFileSync(join(rig.folder, "file"), "");
    const exit = await rig.run("touch ran", { ...way, logPath: join(rig.folder, "file", "log") });
    expect(exit).toMatchObject({ ending: "log-failed", message: expect.stringMatching(/ENOTDIR|EEXIST/u) });
    expect(() => rig.read("ran")).toThrow("ENOENT");
  });

  test("the folder of its log is made", async () => {
    await rig.run("echo here", { ...way, logPath: join(rig.folder, "a/b/log") });
    expect(rig.read("a/b/log")).toBe("here\n");
  });

  test("a program that is not there, or may not be executed, is told", async () => {
    const gone = await rig.run("", { ...way, file: "/no/such/program" });
    expect(gone).toMatchObject({ ending: "not-started", message: expect.stringContaining("ENOENT") });
    chmodSync(writtenFile("plain"), 0o644);
    const plain = await rig.run("", { ...way, file: join(rig.folder, "plain") });
    expect(plain).toMatchObject({ ending: "not-started", message: expect.stringContaining("EACCES") });
    const zero = await rig.run("a\0b", way);
    expect(zero).toMatchObject({ ending: "not-started" });
  });

  test("a cancel that came before means that it does not start", async () => {
    expect(await rig.run("touch ran", { ...way, signal: AbortSignal.abort() })).toMatchObject({ ending: "cancelled" });
    expect(() => rig.read("ran")).toThrow("ENOENT");
  });

  test("a deadline that has passed means that it does not start", async () => {
    expect(await rig.run("touch ran", { ...way, deadlineMs: Date.now() - 1 })).toMatchObject({ ending: "timed-out" });
    expect(() => rig.read("ran")).toThrow("ENOENT");
  });

  test("its deadline ends it, also when it may run for longer", async () => {
    const exit = await rig.run("sleep 300", { ...way, deadlineMs: Date.now() + 200 });
    expect(exit.ending).toBe("timed-out");
  });

  test("it may have any time, also more than a timer can span", async () => {
    const forever = { deadlineMs: Number.MAX_SAFE_INTEGER, timeoutMs: Number.MAX_SAFE_INTEGER };
    expect(await rig.run("sleep 0.05", { ...way, ...forever })).toMatchObject({ ending: "exited", exitCode: 0 });
  });

  test("a clock that jumps a day ahead while it runs does not end it", async () => {
    const exit = rig.run("touch began; while [ ! -e go ]; do sleep 0.01; done", way);
    await expect
      .poll(() => statSync(join(rig.folder, "began"), { throwIfNoEntry: false }), { interval: 5 })
      .toBeDefined();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
    symlinkSync("anything", join(rig.folder, "gone"));
    writeFileSync(join(rig.folder, "go"), "");
    expect(await exit).toMatchObject({ ending: "exited", exitCode: 0 });
  });

  test.runIf(canMount)(
    `a disk that fills up with its log is told as no fault of the step${canMount ? "" : " (skipped: not root)"}`,
    async () => {
      const disk = join(rig.folder, "disk");
      mkdirSync(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
      try {
        const logPath = join(disk, "log");
        const failing = await rig.run("yes | head -c 200000 && echo end", { ...way, logPath });
        const passing = await rig.run("yes | head -c 200000; exit 0", { ...way, logPath });
        if (way.mask === null) {
          expect(failing).toMatchObject({ ending: "log-failed", message: "its disk is full" });
          expect(passing).toMatchObject({
            ending: "exited",
            exitCode: 0,
            logNote: "its log may not be whole: its disk is full",
          });
        } else {
          // The engine reads on, so that the step can go on.
          expect(failing).toMatchObject({ ending: "exited", exitCode: 0, logNote: expect.stringContaining("ENOSPC") });
          expect(await rig.run("echo x; exit 1", { ...way, logPath })).toMatchObject({ ending: "log-failed" });
        }
      } finally {
        execFileSync("umount", [disk]);
      }
    },
  );

  test("a log without end keeps its head and its tail, and what was dropped is told", async () => {
    const limit = 400_000;
    const exit = await rig.run("seq 1 200000", { ...way, logLimitBytes: limit });
    const log = rig.log();
    expect(exit.logBytes).toBe(statSync(rig.logPath).size);
    expect(exit.logBytes).toBeLessThan(limit);
    expect(log).toMatch(/^1\n2\n3\n/u);
    expect(log).toMatch(/199999\n200000\n$/u);
    const [, dropped = ""] = /\n… (\d+) bytes dropped here/u.exec(log) ?? [];
    expect(exit.logNote).toBe(`${dropped} bytes from the middle of its log were dropped`);
    const note = Buffer.byteLength(/\n… .*…\n/u.exec(log)?.[0] ?? "");
    expect(exit.logBytes - note + Number(dropped)).toBe(1_288_895);
  });
});

test("200 children that start children are ended at once", async () => {
  const fork = "for i in $(seq 200); do sh -c 'sleep 300 & wait' & done; echo $$ > pids; wait";
  await cancelled(fork, 1, { graceMs: 200 });
  const lines = execFileSync("ps", ["-eo", "pgid=,state="], { encoding: "utf8" }).split("\n");
  const living = lines.filter((line) => !line.endsWith("Z")).map((line) => Number.parseInt(line, 10));
  expect(living).not.toContain(rig.pidsIn("pids")[0]);
});

function writtenFile(name: string): string {
  const path = join(rig.folder, name);
  writeFileSync(path, "");
  return path;
}
