import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { StepLauncher, type Launch } from "./step-launcher.ts";

let folder: string;
let launcher: StepLauncher;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-launcher-"));
  launcher = new StepLauncher();
});

afterEach(() => {
  launcher.close();
  rmSync(folder, { recursive: true, force: true });
});

function shell(command: string, change: Partial<Launch> = {}): Launch {
  const env = { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8" };
  return { file: "/bin/sh", args: ["-c", command], folder, env, logPath: join(folder, "log"), ...change };
}

describe("a program started by way of a shell", () => {
  test("leads a process group of its own, and its exit status comes back", async () => {
    const launched = launcher.launch(shell("ps -o pgid= -p $$; exit 7"));
    const pid = await launched.pid;
    expect(await launched.exitCode).toBe(7);
    expect(Number(readFileSync(join(folder, "log"), "utf8"))).toBe(pid);
  });

  test("writes output and errors to the log, in order, and reads nothing", async () => {
    expect(await launcher.launch(shell("echo one; echo two >&2; cat; echo three")).exitCode).toBe(0);
    expect(readFileSync(join(folder, "log"), "utf8")).toBe("one\ntwo\nthree\n");
  });

  test("the next one on the same shell has its own folder and variables, and none of the last one's", async () => {
    const base = shell("").env;
    await launcher.launch(shell("true", { env: { ...base, GONE: "x" } })).exitCode;
    const call = shell('echo "$NEW ${GONE-unset} $(pwd)"', { folder: "/", env: { ...base, NEW: 'it\'s\na "$HOME"' } });
    await launcher.launch(call).exitCode;
    expect(readFileSync(join(folder, "log"), "utf8")).toBe('it\'s\na "$HOME" unset /\n');
  });

  test("a signal that ended it is told as every shell does", async () => {
    expect(await launcher.launch(shell("kill -KILL $$")).exitCode).toBe(137);
  });

  test("a log that can't be written is a failure, and the program does not run", async () => {
    const call = shell("touch ran", { logPath: join(folder, "no/such/folder/log") });
    expect(await launcher.launch(call).exitCode).not.toBe(0);
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });

  test("two run side by side", async () => {
    const calls = [1, 2].map((each) =>
      launcher.launch(shell(`touch here-${each}; while [ ! -e here-${3 - each} ]; do sleep 0.01; done`)),
    );
    expect(await Promise.all(calls.map((each) => each.exitCode))).toEqual([0, 0]);
  });

  test("any text is passed as it is", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 }).filter((each) => !each.includes("\0"));
    await fc.assert(
      fc.asyncProperty(text, text, async (argument, value) => {
        const logPath = join(folder, "any");
        rmSync(logPath, { force: true });
        const call = shell("", {
          args: ["-c", 'printf "%s|%s" "$1" "$VALUE"', "sh", argument],
          env: { ...shell("").env, VALUE: value },
          logPath,
        });
        expect(await launcher.launch(call).exitCode).toBe(0);
        expect(readFileSync(logPath, "utf8")).toBe(`${argument}|${value}`);
      }),
      { numRuns: 100 },
    );
  });
});
