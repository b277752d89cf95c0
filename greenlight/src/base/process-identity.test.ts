import { spawn } from "node:child_process";
import { once } from "node:events";

import { describe, expect, test } from "vitest";

import { isProcessIdentity, isSameProcess, ownIdentity, processStartTime } from "./process-identity.ts";

describe("the identity of a process", () => {
  test("the calling process is itself", () => {
    expect(isSameProcess(ownIdentity())).toBe(true);
  });

  test("another start time under the same pid is another process", () => {
    expect(isSameProcess({ pid: process.pid, startTime: "an earlier life" })).toBe(false);
  });

  test("a process that ended is gone", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
    const pid = child.pid ?? 0;
    const startTime = processStartTime(pid);
    expect(startTime).not.toBeNull();
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(processStartTime(pid)).toBeNull();
    expect(isSameProcess({ pid, startTime: startTime ?? "" })).toBe(false);
  });

  // Only its parent can reap a zombie, and a shell that was replaced by `sleep` before never does.
  test.runIf(process.platform === "linux")("a zombie counts as gone", async () => {
    const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const zombie = Number(line.toString());
      await expect.poll(() => processStartTime(zombie), { timeout: 3000, interval: 10 }).toBeNull();
      expect(() => process.kill(zombie, 0)).not.toThrow();
    } finally {
      parent.kill("SIGKILL");
    }
  });

  test("numbers that are no pids name no process", () => {
    expect([0, -1, 1.5, Number.NaN, 2 ** 40].map(processStartTime)).toEqual([null, null, null, null, null]);
  });

  test("only an object with a pid and a start time is an identity", () => {
    expect(isProcessIdentity({ pid: 1, startTime: "x" })).toBe(true);
    expect([null, 1, {}, { pid: "1", startTime: "x" }, { pid: 1 }].some(isProcessIdentity)).toBe(false);
  });
});
