import { join } from "node:path";

import { expect, test } from "vitest";

import { NO_MASKING } from "./steps/masking.ts";
import { beginSteps, killActiveSteps } from "./steps/step-process.ts";
import { isRunning, StepRig } from "./testing/step-rig.ts";

// In a file of its own, because afterwards no step can be started in the process any more.
test("for who does not want to wait: what runs is killed at once and told as cancelled, and nothing starts any more", async () => {
  const rig = new StepRig();
  const endSteps = beginSteps(join(rig.folder, "state"));
  try {
    const command = "trap '' TERM; echo $$ >> pids; while :; do sleep 0.01; done";
    const cancel = new AbortController();
    const exits = [
      rig.run(command, { graceMs: 60_000, signal: cancel.signal }),
      rig.run(`${command} `, { graceMs: 60_000, mask: NO_MASKING.merged }),
    ];
    await expect.poll(() => rig.pidsIn("pids").length, { interval: 5 }).toBe(2);
    cancel.abort();
    killActiveSteps();
    expect((await Promise.all(exits)).map((exit) => exit.ending)).toEqual(["cancelled", "cancelled"]);
    expect(rig.pidsIn("pids").filter(isRunning)).toEqual([]);
    expect(await rig.run("touch ran")).toMatchObject({ ending: "cancelled" });
    expect(() => rig.read("ran")).toThrow("ENOENT");
  } finally {
    await endSteps();
    rig.dispose("pids");
  }
});
