import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { RunEvent } from "../../greenlight/src/engine/event.ts";
import { ended, Sandbox, type Ended } from "./testing/sandbox.ts";

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
  sandbox.write("in.txt", "1");
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     const first = step("first", { run: "echo hello; echo made > made.txt", inputs: ["in.txt"], outputs: { made: "made.txt" } });
     const second = step("second", { needs: { first }, run: "echo begins; until [ -e go ]; do sleep 0.05; done; printf 'the end'; [ ! -e bad ]" });
     export default defineProject({ name: "films", pipelines: { delivery: pipeline({ stages: { one: [first, second] } }) } });`,
  );
});

afterEach(() => sandbox.dispose());

function start(...args: readonly string[]): {
  readonly child: ChildProcess;
  readonly end: Promise<Ended>;
  seen(): string;
} {
  const child = sandbox.start(args);
  let seen = "";
  child.stdout?.on("data", (chunk) => (seen += String(chunk)));
  return { child, end: ended(child), seen: () => seen };
}

describe("a run that another process executes", () => {
  test("is followed by its logs, line by line, and ends with its exit status", async () => {
    const run = start("run");
    await expect.poll(run.seen).toContain("▸ second");
    const follow = start("logs", "--follow");
    const only = start("logs", "--follow", "--step", "second");
    await expect.poll(follow.seen).toMatch(/first +│ hello\n[\s\S]*second +│ begins\n/u);
    await expect.poll(only.seen).toBe("begins\n");
    sandbox.write("bad", "");
    sandbox.write("go", "");
    expect((await follow.end).status).toBe(1);
    expect(await only.end).toMatchObject({ status: 1, stdout: "begins\nthe end" });
    expect((await run.end).status).toBe(1);
  });

  test("is followed by its events, as lines of JSON, and by `status`", async () => {
    const run = start("run", "--json");
    await expect.poll(run.seen).toContain('"step":"second"');
    const events = start("logs", "--events", "--follow");
    const { runId } = JSON.parse(run.seen().split("\n")[0] ?? "") as RunEvent;
    const shown = start("status", "--follow", runId.slice(0, 12));
    await expect.poll(events.seen).toContain('"step":"second"');
    await expect.poll(shown.seen).toContain("▸ second");
    sandbox.write("go", "");
    expect(await events.end).toMatchObject({ status: 0, stdout: (await run.end).stdout });
    const end = await shown.end;
    expect(end.status).toBe(0);
    expect(end.stdout).toContain("passed in");
    // A run that has ended is told to its end.
    const later = await sandbox.greenlight(["logs", runId, "--events", "--follow", "--json"]);
    expect(later.stdout).toBe((await events.end).stdout);
  });

  test("whose engine was killed ends the following with the way on", async () => {
    const run = start("run");
    await expect.poll(run.seen).toContain("▸ second");
    const follow = start("logs", "--follow");
    await expect.poll(follow.seen).toContain("begins");
    run.child.kill("SIGKILL");
    const end = await follow.end;
    expect(end.status).toBe(3);
    expect(end.stderr).toMatch(/RUN_INTERRUPTED: \w+: [\s\S]*remedy: let it go on: greenlight resume \w+/u);
  });
});

describe("the logs of a run", () => {
  test("of a step that came from the cache are those of the run that made it", async () => {
    sandbox.write("go", "");
    await sandbox.greenlight(["run"]);
    rmSync(join(sandbox.folder, "made.txt"));
    expect((await sandbox.greenlight(["run"])).stdout).toMatch(/✔ first +cached/u);
    const { stdout } = await sandbox.greenlight(["logs"]);
    expect(stdout).toMatch(/── first\nhello\n── second\nbegins\nthe end\n/u);
    expect((await sandbox.greenlight(["logs", "--follow", "--step", "first"])).stdout).toBe("hello\n");
  });

  test("are passed on as they are, whatever bytes they hold, and cut in one document of JSON", async () => {
    sandbox.write("go", "");
    await sandbox.greenlight(["run"]);
    const { runs } = JSON.parse((await sandbox.greenlight(["status", "--json"])).stdout) as { runs: { id: string }[] };
    const folder = join(sandbox.folder, ".greenlight/runs", runs[0]?.id ?? "");
    mkdirSync(folder, { recursive: true });
    const bytes = Buffer.concat([Buffer.alloc(3_000_000, "x\n"), Buffer.from([0xff, 0xfe, 0x0a])]);
    writeFileSync(join(folder, "first.log"), bytes);
    const child = sandbox.start(["logs", "--step", "first"]);
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(child, "close");
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    const json = JSON.parse((await sandbox.greenlight(["logs", "--step", "first", "--json"])).stdout) as {
      logs: { size: number; isCut: boolean; log: string }[];
    };
    expect(json.logs[0]).toMatchObject({ size: bytes.length, isCut: true });
    expect(json.logs[0]?.log.length).toBeLessThan(300_000);
    const unknown = await sandbox.greenlight(["logs", "--follow", "--step", "third"]);
    expect(unknown).toMatchObject({ status: 2, stderr: expect.stringContaining("STEP_UNKNOWN: third") });
  });
});
