import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import { commandLineOf } from "./testing/processes.ts";
import { recordedRun } from "./testing/run-record.ts";
import { ended, GREENLIGHT, Sandbox } from "./testing/sandbox.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

const isLinux = process.platform === "linux";
const hasTerminals = isLinux && existsSync("/usr/bin/script");
const START = { timeout: 60_000, interval: 20 } as const;

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
  // A step with a child, a grandchild, one that left for a session of its own, and one that also dropped its environment; all
  // write their pids down.
  sandbox.write(
    "many.sh",
    `test -f go && exit 0
     sh -c 'echo $$ >> pids; sh -c "echo \\$\\$ >> pids; sleep 300"; :' &
     setsid sh -c 'echo $$ >> pids; sleep 300; :' </dev/null >/dev/null 2>&1 &
     env -i PATH="$PATH" setsid sh -c 'echo $$ >> pids; sleep 300; :' </dev/null >/dev/null 2>&1 &
     echo $$ >> pids
     wait`,
  );
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     const many = step("many", { run: "sh many.sh" });
     const deaf = step("deaf", { run: "test -f go && exit 0; trap '' TERM INT HUP; echo $$ >> pids; while :; do sleep 0.1; done" });
     export default defineProject({ name: "shop", pipelines: { delivery: pipeline({ stages: { s: [many, deaf] } }) } });`,
  );
});

afterEach(async () => {
  await sandbox.endStarted();
  for (const pid of left()) process.kill(pid, "SIGKILL");
  await sandbox.dispose();
});

/** Starts a run and waits until all of its six processes have written down their pids. */
async function started(file = process.execPath, args: readonly string[] = [GREENLIGHT, "run", "--concurrency", "2"]) {
  const child = sandbox.startProgram(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  let stderr = "";
  child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
  child.stdout?.resume();
  await expect.poll(() => pids().length, START).toBe(6);
  return { child, stderr: () => stderr };
}

function pids(): number[] {
  if (!existsSync(join(sandbox.folder, "pids"))) return [];
  return sandbox.read("pids").trim().split("\n").map(Number);
}

function left(): number[] {
  return pids().filter((pid) => processStartTime(pid) !== null);
}

async function outcome(): Promise<string> {
  return (await recordedRun(sandbox.folder)).view.outcome;
}

describe.runIf(isLinux)("an engine that is killed", () => {
  test("takes its steps with it at once, whatever they started", async () => {
    const { child } = await started();
    child.kill("SIGKILL");
    await expect.poll(left, { timeout: 10_000, interval: 10 }).toEqual([]);
    expect(await outcome()).toBe("running");
  });

  test.each(["run", "resume", "cancel"])(
    "together with its guard leaves them to the next start: %s",
    async (command) => {
      const { child } = await started();
      for (const guard of guardsOf(child.pid ?? 0)) process.kill(guard, "SIGKILL");
      child.kill("SIGKILL");
      await once(child, "close");
      expect(left()).toHaveLength(6);
      sandbox.write("go", "");
      const next = await sandbox.greenlight([command]);
      expect(next).toMatchObject({ status: 0 });
      expect(left()).toEqual([]);
      expect(readdirSync(join(sandbox.folder, ".greenlight/engines"))).toEqual([]);
      expect(await outcome()).toBe(command === "cancel" ? "cancelled" : "passed");
    },
  );
});

describe("who does not want to wait", () => {
  test("presses Ctrl-C a second time: what is deaf is killed, and the record closes all the same", async () => {
    const { child, stderr } = await started();
    child.kill("SIGINT");
    await expect.poll(stderr, START).toContain("cancelling");
    const end = ended(child);
    const again = setInterval(() => stderr().includes("killing") || child.kill("SIGINT"), 350);
    try {
      expect((await end).status).toBe(130);
    } finally {
      clearInterval(again);
    }
    expect(stderr()).toContain("killing");
    expect(left()).toEqual([]);
    const { view, step } = await recordedRun(sandbox.folder);
    expect(view.outcome).toBe("cancelled");
    expect(step("deaf").outcome).toBe("cancelled");
    // The grace of five seconds was not waited for.
    expect(view.durationMs).toBeLessThan(4500);
  });

  test.runIf(IS_HEAVY)("a Ctrl-C that arrives twice, as by way of npm, is one", async () => {
    const { child, stderr } = await started();
    child.kill("SIGINT");
    await expect.poll(stderr, START).toContain("cancelling");
    child.kill("SIGINT");
    child.kill("SIGTERM");
    expect((await ended(child)).status).toBe(130);
    expect(stderr()).not.toContain("killing");
    expect(await outcome()).toBe("cancelled");
  });
});

describe.runIf(hasTerminals)(`a terminal that is closed${hasTerminals ? "" : " (skipped: no script)"}`, () => {
  test("ends everything, and the record says cancelled", async () => {
    const command = `exec '${process.execPath}' '${GREENLIGHT}' run --concurrency 2`;
    const { child } = await started("/usr/bin/script", ["-qec", command, "/dev/null"]);
    const [engine] = descendants(child.pid ?? 0);
    // Whoever holds the terminal's other end is gone: the system hangs up.
    child.kill("SIGKILL");
    await expect.poll(left, { timeout: 20_000, interval: 20 }).toEqual([]);
    await expect.poll(() => processStartTime(engine ?? 0), { timeout: 20_000, interval: 20 }).toBeNull();
    expect(await outcome()).toBe("cancelled");
  });

  test.runIf(IS_HEAVY)("by a shell that tells its jobs before it ends, too", async () => {
    const inner = `'${process.execPath}' '${GREENLIGHT}' run --concurrency 2; exit`;
    const { child } = await started("/usr/bin/script", ["-qec", `bash --norc -ic "${inner}"`, "/dev/null"]);
    child.kill("SIGKILL");
    await expect.poll(left, { timeout: 20_000, interval: 20 }).toEqual([]);
    await expect.poll(outcome, { timeout: 20_000, interval: 20 }).toBe("cancelled");
  });
});

/** The small shells that wait for this engine's death. */
function guardsOf(engine: number): number[] {
  return descendants(engine).filter((pid) => commandLineOf(pid).includes("greenlight-guard"));
}

function descendants(parent: number): number[] {
  return readFileSync(`/proc/${parent}/task/${parent}/children`, "latin1")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
}
