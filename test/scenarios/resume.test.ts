import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import { recordedRun } from "./testing/run-record.ts";
import { ended, Sandbox, type Ended } from "./testing/sandbox.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;

let sandbox: Sandbox;
let children: ChildProcess[];

beforeEach(() => {
  sandbox = new Sandbox();
  children = [];
  sandbox.write("in.txt", "film\n");
  sandbox.write("check.sh", "exit 0\n");
  sandbox.write("counts/.keep", "");
  // Every step counts its starts. `hang` sleeps as long as there is no file "go"; `check` does what its script says.
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     const counted = (name, rest) => "echo x >> counts/" + name + "; " + rest;
     const make = step("make", { run: counted("make", "mkdir -p out && cp in.txt out/made"), inputs: ["in.txt"], outputs: { made: "out/made" } });
     const other = step("other", { run: counted("other", "true"), inputs: [] });
     const hang = step("hang", { run: counted("hang", "echo $$ > pid; test -f go && exit 0; sleep 300"), needs: { make }, timeoutMs: 120_000 });
     const check = step("check", { run: counted("check", "sh check.sh"), inputs: ["check.sh"], needs: { make } });
     const after = step("after", { run: counted("after", "true"), inputs: [], needs: { check, hang } });
     const last = step("last", { run: counted("last", "true"), inputs: [] });
     export default defineProject({ name: "shop", pipelines: { delivery: pipeline({
       stages: { build: [make, other], test: [hang, check], end: [after] }, finally: [last] }) } });`,
  );
});

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "close");
  }
  // A step of a killed engine lives in a group of its own.
  if (existsSync(join(sandbox.folder, "pid"))) killGroup(Number(sandbox.read("pid")));
  sandbox.dispose();
});

describe("kill -9 in the middle", () => {
  test("resume keeps what is finished, runs the interrupted step again, and keeps its deadline and attempt", async () => {
    await killedRun();
    const before = await recordedRun(sandbox.folder);
    expect(before.step("hang")).toMatchObject({ outcome: "running", attempts: 1 });
    const orphan = Number(sandbox.read("pid"));

    sandbox.write("go", "");
    const resumed = await sandbox.greenlight(["resume"]);
    expect(resumed.stdout).toContain("passed in");
    expect(resumed.status).toBe(0);
    expect(counts()).toEqual({ make: 1, other: 1, hang: 2, check: 1, after: 1, last: 1 });
    expect(processStartTime(orphan)).toBeNull();

    const run = await recordedRun(sandbox.folder);
    expect(run.view.id).toBe(before.view.id);
    expect(run.view.resumes).toMatchObject([{ mode: "resume" }]);
    expect(run.step("hang")).toMatchObject({ attempts: 1, deadlineAt: before.step("hang").deadlineAt });
    expect(run.events.map((event) => event.sequence)).toEqual(run.events.map((_event, index) => index + 1));
  });

  test.runIf(IS_HEAVY)(
    "a changed input runs its step again within the same run, and so does what depends on it",
    async () => {
      const id = await killedRun();
      sandbox.write("go", "");
      sandbox.write("in.txt", "another film\n");
      const resumed = await sandbox.greenlight(["resume", id.slice(0, 12)]);
      expect(resumed.status).toBe(0);
      expect(counts()).toEqual({ make: 2, other: 1, hang: 2, check: 2, after: 1, last: 1 });
      expect((await recordedRun(sandbox.folder)).view.id).toBe(id);
    },
  );

  test("cancel ends what the dead engine left and closes the record; resume goes on later", async () => {
    const id = await killedRun();
    const orphan = Number(sandbox.read("pid"));
    const cancelled = await sandbox.greenlight(["cancel", "--why", "not today", "--json"], { GITHUB_ACTOR: "ann" });
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ id, how: "closed", outcome: "cancelled" });
    await expect.poll(() => processStartTime(orphan)).toBeNull();
    const run = await recordedRun(sandbox.folder);
    expect(run.view.outcome).toBe("cancelled");
    expect(run.events).toContainEqual(
      expect.objectContaining({ type: "cancel-requested", by: "ann", why: "not today" }),
    );
    const outcomes = run.view.stages.flatMap(({ steps }) => steps.map(({ name, outcome }) => `${name} ${outcome}`));
    expect(outcomes).toEqual([
      "make passed",
      "other passed",
      "hang cancelled",
      "check passed",
      "after cancelled",
      "last cancelled",
    ]);

    sandbox.write("go", "");
    expect((await sandbox.greenlight(["resume"])).status).toBe(0);
    expect(counts()).toEqual({ make: 1, other: 1, hang: 2, check: 1, after: 1, last: 1 });
  });

  test("two at once: one goes on, the other is told so", async () => {
    const id = await killedRun();
    rmSync(join(sandbox.folder, "pid"));
    const first = start(["resume", id]);
    const firstEnd = ended(first);
    await hangs();
    const second = await sandbox.greenlight(["resume", id]);
    expect(second).toMatchObject({ status: 2, stderr: expect.stringContaining(`RUN_IN_PROGRESS: ${id}`) });
    expect((await sandbox.greenlight(["cancel"])).status).toBe(0);
    expect((await firstEnd).status).toBe(130);
  });
});

describe("retry", () => {
  test("after an edit runs only the failed step and what depends on it, and in the same run", async () => {
    sandbox.write("go", "");
    sandbox.write("check.sh", "echo broken; exit 1\n");
    const first = await sandbox.greenlight(["run"]);
    expect(first.status).toBe(1);
    expect(counts()).toEqual({ make: 1, other: 1, hang: 1, check: 1, last: 1 });
    expect(await sandbox.greenlight(["resume"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("RUN_UNKNOWN"),
    });
    const { view } = await recordedRun(sandbox.folder);
    expect(await sandbox.greenlight(["resume", view.id])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/RUN_ENDED: .* ended as failed[\s\S]*remedy: .*greenlight retry/u),
    });

    sandbox.write("check.sh", "exit 0\n");
    const second = await sandbox.greenlight(["retry"]);
    expect(second.stdout).toContain("passed in");
    expect(counts()).toEqual({ make: 1, other: 1, hang: 1, check: 2, after: 1, last: 1 });
    const run = await recordedRun(sandbox.folder);
    expect(run.view).toMatchObject({ id: view.id, outcome: "passed", resumes: [{ mode: "retry" }] });
    expect(Date.parse(run.step("check").deadlineAt ?? "")).toBeGreaterThan(
      Date.parse((await recordedRun(sandbox.folder)).step("make").deadlineAt ?? ""),
    );
    expect(await sandbox.greenlight(["retry", view.id])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("RUN_ENDED"),
    });
  });

  test("--step runs a step again although nothing changed, and what needs it only when it puts out something new", async () => {
    sandbox.write("go", "");
    expect((await sandbox.greenlight(["run"])).status).toBe(0);
    const again = await sandbox.greenlight(["retry", "--step", "check"]);
    expect(again.status).toBe(0);
    expect(counts()).toEqual({ make: 1, other: 1, hang: 1, check: 2, after: 1, last: 1 });
    const both = await sandbox.greenlight(["retry", "--step", "other", "--step", "check"]);
    expect(both.status).toBe(0);
    expect(counts()).toEqual({ make: 1, other: 2, hang: 1, check: 3, after: 1, last: 1 });
    expect(await sandbox.greenlight(["retry", "--step", "chekc"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("STEP_UNKNOWN: chekc"),
    });
    expect((await recordedRun(sandbox.folder)).view.resumes).toHaveLength(2);
  });

  test.runIf(IS_HEAVY)("a step that is no longer in the definition is told", async () => {
    sandbox.write("check.sh", "exit 1\n");
    sandbox.write("go", "");
    await sandbox.greenlight(["run"]);
    const config = sandbox.read("greenlight.config.ts");
    sandbox.write("greenlight.config.ts", config.replace("[make, other]", "[make]"));
    sandbox.write("check.sh", "exit 0\n");
    const retried = await sandbox.greenlight(["retry"]);
    expect(retried.status).toBe(0);
    expect(retried.stdout).toContain("no longer in the definition: other");
  });
});

describe("a concurrency group", () => {
  test("with cancel-older: a newer run cancels the older one, which tells for whom, and then goes on", async () => {
    const { id, ends } = await twoRuns("cancel-older");
    const [first, second] = await Promise.all(ends);
    expect([first?.status, second?.status]).toEqual([130, 0]);
    const { view, events } = await recordedRun(sandbox.folder, id);
    expect(view.outcome).toBe("cancelled");
    const why = expect.stringMatching(/run \w+ of group delivery takes its place/u);
    expect(events).toContainEqual(expect.objectContaining({ type: "cancel-requested", by: "kim", why }));
  });

  test.runIf(IS_HEAVY)("with queue: a newer run waits until the older one has ended by itself", async () => {
    const { id, ends } = await twoRuns("queue");
    killGroup(Number(sandbox.read("pid")));
    const [first, second] = await Promise.all(ends);
    expect([first?.status, second?.status]).toEqual([1, 0]);
    expect((await recordedRun(sandbox.folder, id)).view.outcome).toBe("failed");
  });
});

describe("cancel", () => {
  test("from another process ends the run in order, with who and why, and a second one says that it was", async () => {
    const child = start(["run"]);
    const end = ended(child);
    await hangs();
    const { id } = (await recordedRun(sandbox.folder)).view;
    const cancels = [1, 2].map(() =>
      sandbox.greenlight(["cancel", id, "--why", "wrong branch"], { GITHUB_ACTOR: "ann" }),
    );
    for (const { status, stdout } of await Promise.all(cancels)) {
      expect([status, stdout]).toEqual([0, expect.stringContaining("cancelled")]);
    }
    expect((await end).status).toBe(130);
    await expect.poll(() => processStartTime(Number(sandbox.read("pid")))).toBeNull();
    const run = await recordedRun(sandbox.folder);
    expect(run.view.outcome).toBe("cancelled");
    expect(run.step("last").outcome).toBe("passed");
    const requests = run.events.filter((event) => event.type === "cancel-requested");
    expect(requests).toMatchObject([{ by: "ann", why: "wrong branch" }]);

    const third = await sandbox.greenlight(["cancel", run.view.id]);
    expect(third).toMatchObject({ status: 0, stdout: expect.stringContaining("was cancelled before") });
    expect(await sandbox.greenlight(["cancel"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("RUN_UNKNOWN"),
    });
  });

  test.runIf(IS_HEAVY)(
    "of a run that does not end in time says so, and the next one can still see it end",
    async () => {
      const child = start(["run"]);
      const end = ended(child);
      await hangs();
      child.kill("SIGSTOP");
      const { id } = (await recordedRun(sandbox.folder)).view;
      const late = await sandbox.greenlight(["cancel", "--wait", "1"]);
      expect(late).toMatchObject({ status: 3, stderr: expect.stringContaining("RUN_NOT_CLOSED") });
      child.kill("SIGCONT");
      expect((await sandbox.greenlight(["cancel", id])).status).toBe(0);
      expect((await end).status).toBe(130);
    },
  );

  test("of a run that has ended is refused, and so are ids that name none or several", async () => {
    sandbox.write("go", "");
    await sandbox.greenlight(["run"]);
    await sandbox.greenlight(["run"]);
    const { id } = (await recordedRun(sandbox.folder)).view;
    const codeOf = async (...args: readonly string[]): Promise<string> => {
      const { status, stderr } = await sandbox.greenlight(args);
      return `${status} ${stderr.split(":")[0]}`;
    };
    expect(await codeOf("cancel", id)).toBe("2 RUN_ENDED");
    expect(await codeOf("retry", id.slice(0, 3))).toBe("2 RUN_AMBIGUOUS");
    expect(await codeOf("resume", "zzz")).toBe("2 RUN_UNKNOWN");
    expect(await codeOf("resume", "../../etc")).toBe("2 RUN_UNKNOWN");
    expect(await codeOf("cancel", id, "--wait", "soon")).toBe("2 USAGE");
    expect(await codeOf("cancel", id, "--why", "x".repeat(501))).toBe("2 USAGE");
  });
});

function start(args: readonly string[]): ChildProcess {
  const child = sandbox.start(args);
  children.push(child);
  return child;
}

/** Starts a run that hangs and a second one that waits for it. */
async function twoRuns(whenBusy: string): Promise<{ readonly id: string; readonly ends: Promise<Ended>[] }> {
  const config = sandbox.read("greenlight.config.ts");
  const group = `concurrency: { group: "delivery", whenBusy: "${whenBusy}" }`;
  sandbox.write("greenlight.config.ts", config.replace("finally: [last]", `finally: [last], ${group}`));
  const first = ended(start(["run"]));
  await hangs();
  const { id } = (await recordedRun(sandbox.folder)).view;
  sandbox.write("go", "");
  const second = start(["run"]);
  const end = ended(second);
  let shown = "";
  second.stdout?.on("data", (chunk) => (shown += String(chunk)));
  await expect.poll(() => shown, { timeout: 60_000 }).toContain(`waits until run ${id}`);
  return { id, ends: [first, end] };
}

/** Starts a run and kills its engine while "hang" is at it and "check" has passed; resolves to the run's id. */
async function killedRun(): Promise<string> {
  const child = start(["run"]);
  await hangs();
  await expect
    .poll(async () => (await recordedRun(sandbox.folder)).step("check").outcome, { interval: 50 })
    .toBe("passed");
  child.kill("SIGKILL");
  await once(child, "close");
  return (await recordedRun(sandbox.folder)).view.id;
}

async function hangs(): Promise<void> {
  await expect
    .poll(() => existsSync(join(sandbox.folder, "pid")) && sandbox.read("pid").trim() !== "", { timeout: 60_000 })
    .toBe(true);
}

function counts(): Record<string, number> {
  const names = ["make", "other", "hang", "check", "after", "last"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const path = `counts/${name}`;
      if (!existsSync(join(sandbox.folder, path))) return [];
      return [[name, sandbox.read(path).trim().split("\n").length]];
    }),
  );
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
