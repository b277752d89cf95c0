import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { limitTag } from "../../base/limit-tag.ts";
import { processStartTime } from "../../base/process-identity.ts";
import { canBeScripted, shellEnvironment } from "./lane-script.ts";
import { Lanes } from "./lanes.ts";
import { startDirectly } from "./start-directly.ts";
import type { ProcessEnd, ProgramCall, StartedProcess } from "./started-process.ts";

const TAG = limitTag("0123456789abcdef", 7);
const hasLanes = process.platform === "linux" && existsSync("/bin/bash");
let folder: string;
let lanes: Lanes;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-lanes-"));
  lanes = new Lanes();
});

afterEach(async () => {
  await lanes.close();
  rmSync(folder, { recursive: true, force: true });
});

function shell(command: string, change: Partial<ProgramCall> = {}): ProgramCall {
  const env = { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8" };
  return {
    file: "/bin/sh",
    args: ["-c", command],
    folder,
    env,
    logPath: join(folder, "log"),
    tag: TAG,
    mask: null,
    ...change,
  };
}

async function start(call: ProgramCall): Promise<StartedProcess> {
  const started = await lanes.start(call);
  if (started === null) throw new Error("no shell would start it");
  if (!started.ok) throw new Error(started.error.message);
  return started.value;
}

async function run(call: ProgramCall): Promise<ProcessEnd> {
  return (await start(call)).ended;
}

function log(): string {
  return readFileSync(join(folder, "log"), "utf8");
}

describe.runIf(hasLanes)("a program started by way of a shell", () => {
  test("leads a process group of its own, and its exit status comes back", async () => {
    const started = await start(shell("ps -o pgid= -p $$; exit 7"));
    expect(await started.ended).toEqual({ exitCode: 7, signalName: null, mayHaveLeft: false, failure: null });
    expect(Number(log())).toBe(started.pid);
  });

  test("writes output and errors to the log, in order, and reads nothing", async () => {
    expect(await run(shell("echo one; echo two >&2; cat; echo three"))).toMatchObject({ exitCode: 0 });
    expect(log()).toBe("one\ntwo\nthree\n");
  });

  test("has the same environment, ignored signals and open files as one that is started directly", async () => {
    const env = { ...shell("").env, VALUE: 'it\'s\na "$HOME" `ls` \\' };
    const command =
      'env | sort; grep -E "^Sig(Ign|Blk)" /proc/self/status; cat /proc/self/limits; ls /proc/self/fd; pwd; readlink /proc/self/fd/0';
    await run(shell("true"));
    await run(shell(command, { env }));
    const started = await startDirectly(shell(command, { env, logPath: join(folder, "direct") }));
    if (started.ok) await started.value.ended;
    expect(log()).toBe(readFileSync(join(folder, "direct"), "utf8"));
    expect(log()).toContain("VALUE=it's");
    expect(log()).toContain(TAG);
  });

  test("the next one on the same shell has its own folder and variables, and none of the last one's", async () => {
    const base = shell("").env;
    await run(shell("true", { env: { ...base, GONE: "x" } }));
    await run(shell('echo "$NEW ${GONE-unset} $(pwd)"', { folder: "/", env: { ...base, NEW: "n" } }));
    expect(log()).toBe("n unset /\n");
  });

  test("variables of one letter are the step's own, on each program that a shell starts", async () => {
    const env = { ...shell("").env, n: "1", p: "2", s: "3", t: "4" };
    for (const _turn of [1, 2]) await run(shell('echo "$n $p $s $t"', { env }));
    expect(log()).toBe("1 2 3 4\n1 2 3 4\n");
  });

  test("a signal that ended it is told as every shell does", async () => {
    expect(await run(shell("kill -KILL $$"))).toMatchObject({ exitCode: 137 });
  });

  test("it is told when somebody is left in its group", async () => {
    const started = await start(shell("sleep 60 & exit 3"));
    try {
      expect(await started.ended).toMatchObject({ exitCode: 3, mayHaveLeft: true });
    } finally {
      process.kill(-started.pid, "SIGKILL");
    }
  });

  test("one that is stopped has not ended", async () => {
    const started = await start(shell("kill -STOP $$; exit 4"));
    const state = (): string => readFileSync(`/proc/${started.pid}/stat`, "utf8").split(") ")[1]?.[0] ?? "";
    await expect.poll(state, { interval: 5 }).toBe("T");
    process.kill(started.pid, "SIGCONT");
    expect(await started.ended).toMatchObject({ exitCode: 4 });
  });

  test("a log that can't be opened is told with the system's reason, and the program does not run", async () => {
    const logPath = join(folder, "no/such/folder/log");
    const { failure } = await run(shell("touch ran", { logPath }));
    expect(failure).toEqual({ kind: "log-failed", message: expect.stringMatching(/^ENOENT/u) });
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });

  test("when its shell is killed, that is told, and others are started by another one", async () => {
    // Not before it has said what it started: then there would be nothing to tell of.
    const started = await start(shell("while [ ! -e told ]; do sleep 0.01; done; kill -KILL $PPID; sleep 60"));
    try {
      writeFileSync(join(folder, "told"), "");
      expect(await started.ended).toMatchObject({ exitCode: null, signalName: "SIGKILL", mayHaveLeft: true });
    } finally {
      process.kill(-started.pid, "SIGKILL");
    }
    expect(await run(shell("exit 5"))).toMatchObject({ exitCode: 5 });
  });

  test("a shell that is killed while it has nothing to do is replaced", async () => {
    await run(shell("echo $PPID"));
    const idle = Number(log());
    process.kill(idle, "SIGKILL");
    await expect.poll(() => processStartTime(idle), { interval: 5 }).toBeNull();
    await expect.poll(async () => (await run(shell("exit 6"))).exitCode, { interval: 5 }).toBe(6);
    expect(await run(shell("exit 6"))).toMatchObject({ exitCode: 6 });
  });

  test("closing ends the shells", async () => {
    await run(shell("echo $PPID"));
    await lanes.close();
    await expect.poll(() => processStartTime(Number(log())), { interval: 5 }).toBeNull();
  });

  test("two run side by side", async () => {
    const calls = [1, 2].map((each) =>
      run(shell(`touch here-${each}; while [ ! -e here-${3 - each} ]; do sleep 0.01; done`)),
    );
    expect((await Promise.all(calls)).map((end) => end.exitCode)).toEqual([0, 0]);
  });

  test("any text is passed as it is", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 }).filter((each) => !each.includes("\0"));
    await fc.assert(
      fc.asyncProperty(text, text, async (argument, value) => {
        const logPath = join(folder, "any");
        rmSync(logPath, { force: true });
        const args = ["-c", 'printf "%s|%s" "$1" "$VALUE"', "sh", argument];
        const end = await run(shell("", { args, env: { ...shell("").env, VALUE: value }, logPath }));
        expect(end.exitCode).toBe(0);
        expect(readFileSync(logPath, "utf8")).toBe(`${argument}|${value}`);
      }),
      { numRuns: 100 },
    );
  });
});

describe("what a shell can't start as the system would", () => {
  const base = { folder: "/", env: { PATH: "/bin", LANG: "C" } };
  const call = {
    file: "/bin/sh",
    args: ["-c", ":"],
    folder: "/",
    env: base.env,
    logPath: "/dev/null",
    tag: TAG,
    mask: null,
  };

  test("is left to be started directly", () => {
    expect(canBeScripted(call, base)).toBe(true);
    const unfit = [
      { env: { ...base.env, "a-b": "x" } },
      { env: { ...base.env, UID: "7" } },
      { env: { ...base.env, __p: "7" } },
      { env: { ...base.env, LC_ALL: "ko_KR.UTF-8" } },
      { env: { ...base.env, "BASH_FUNC_echo%%": "() { :; }" } },
      { env: { PATH: "/bin" } },
      { env: { ...base.env, X: "a\0b" } },
      { args: ["-c", "x".repeat(100_000)] },
      { args: ["a\0b"] },
    ];
    expect(unfit.filter((change) => canBeScripted({ ...call, ...change }, base))).toEqual([]);
  });

  test("a shell itself never gets variables that change what it does", () => {
    const env = {
      "BASH_FUNC_echo%%": "() { :; }",
      BASH_ENV: "/x",
      SHELLOPTS: "errexit",
      POSIXLY_CORRECT: "1",
      OWN: "x",
    };
    expect(shellEnvironment({ ...env, LANG: "C" })).toEqual({ OWN: "x", LANG: "C" });
  });

  test("a program that is not there, or is named without a path", async () => {
    expect(await lanes.start(shell("", { file: "/no/such/program" }))).toBeNull();
    expect(await lanes.start(shell("", { file: "sh" }))).toBeNull();
  });
});
