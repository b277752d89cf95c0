import { rmSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import { CountingSandbox } from "./testing/counting-sandbox.ts";
import { recordedRun } from "./testing/run-record.ts";
import { ended } from "./testing/sandbox.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;

let sandbox: CountingSandbox;

beforeEach(() => {
  sandbox = new CountingSandbox();
});
afterEach(() => sandbox.dispose());

describe("kill -9 in the middle", () => {
  test("resume keeps what is finished, runs the interrupted step again, and keeps its deadline and attempt", async () => {
    await sandbox.killedRun();
    const before = await recordedRun(sandbox.folder);
    expect(before.step("hang")).toMatchObject({ outcome: "running", attempts: 1 });
    const orphan = Number(sandbox.read("pid"));

    sandbox.write("go", "");
    const resumed = await sandbox.greenlight(["resume"]);
    expect(resumed.stdout).toContain("passed in");
    expect(resumed.status).toBe(0);
    expect(sandbox.counts()).toEqual({ make: 1, other: 1, hang: 2, check: 1, after: 1, last: 1 });
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
      const id = await sandbox.killedRun();
      sandbox.write("go", "");
      sandbox.write("in.txt", "another film\n");
      const resumed = await sandbox.greenlight(["resume", id.slice(0, 12)]);
      expect(resumed.status).toBe(0);
      expect(sandbox.counts()).toEqual({ make: 2, other: 1, hang: 2, check: 2, after: 1, last: 1 });
      expect((await recordedRun(sandbox.folder)).view.id).toBe(id);
    },
  );

  test("cancel ends what the dead engine left and closes the record; resume goes on later", async () => {
    const id = await sandbox.killedRun();
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
    expect(sandbox.counts()).toEqual({ make: 1, other: 1, hang: 2, check: 1, after: 1, last: 1 });
  });

  test("two at once: one goes on, the other is told so", async () => {
    const id = await sandbox.killedRun();
    rmSync(join(sandbox.folder, "pid"));
    const first = sandbox.start(["resume", id]);
    const firstEnd = ended(first);
    await sandbox.hangs();
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
    expect(sandbox.counts()).toEqual({ make: 1, other: 1, hang: 1, check: 1, last: 1 });
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
    expect(sandbox.counts()).toEqual({ make: 1, other: 1, hang: 1, check: 2, after: 1, last: 1 });
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
    expect(sandbox.counts()).toEqual({ make: 1, other: 1, hang: 1, check: 2, after: 1, last: 1 });
    const both = await sandbox.greenlight(["retry", "--step", "other", "--step", "check"]);
    expect(both.status).toBe(0);
    expect(sandbox.counts()).toEqual({ make: 1, other: 2, hang: 1, check: 3, after: 1, last: 1 });
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
