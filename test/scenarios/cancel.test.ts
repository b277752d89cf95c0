import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import { CountingSandbox } from "./testing/counting-sandbox.ts";
import { killGroup } from "./testing/processes.ts";
import { recordedRun } from "./testing/run-record.ts";
import { ended, type Ended } from "./testing/sandbox.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;

let sandbox: CountingSandbox;

beforeEach(() => {
  sandbox = new CountingSandbox();
});
afterEach(() => sandbox.dispose());

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
    const child = sandbox.start(["run"]);
    const end = ended(child);
    await sandbox.hangs();
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
      const child = sandbox.start(["run"]);
      const end = ended(child);
      await sandbox.hangs();
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
    expect(await sandbox.codeOf("cancel", id)).toBe("2 RUN_ENDED");
    expect(await sandbox.codeOf("retry", id.slice(0, 3))).toBe("2 RUN_AMBIGUOUS");
    expect(await sandbox.codeOf("resume", "zzz")).toBe("2 RUN_UNKNOWN");
    expect(await sandbox.codeOf("resume", "../../etc")).toBe("2 RUN_UNKNOWN");
    expect(await sandbox.codeOf("cancel", id, "--wait", "soon")).toBe("2 USAGE");
    expect(await sandbox.codeOf("cancel", id, "--why", "x".repeat(501))).toBe("2 USAGE");
  });
});

/** Starts a run that hangs and a second one that waits for it. */
async function twoRuns(whenBusy: string): Promise<{ readonly id: string; readonly ends: Promise<Ended>[] }> {
  const config = sandbox.read("greenlight.config.ts");
  const group = `concurrency: { group: "delivery", whenBusy: "${whenBusy}" }`;
  sandbox.write("greenlight.config.ts", config.replace("finally: [last]", `finally: [last], ${group}`));
  const first = ended(sandbox.start(["run"]));
  await sandbox.hangs();
  const { id } = (await recordedRun(sandbox.folder)).view;
  sandbox.write("go", "");
  const second = sandbox.start(["run"]);
  const end = ended(second);
  let shown = "";
  second.stdout?.on("data", (chunk) => (shown += String(chunk)));
  await expect.poll(() => shown, { timeout: 60_000 }).toContain(`waits until run ${id}`);
  return { id, ends: [first, end] };
}
