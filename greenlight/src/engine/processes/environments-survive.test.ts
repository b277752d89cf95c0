import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { readLimitTag } from "../../base/limit-tag.ts";
import { KeeperRig } from "../../keeper/testing/keeper-rig.ts";
import { beginSteps, endAbandonedSteps, type StepExit } from "../steps/step-process.ts";
import { isRunning, StepRig } from "../testing/step-rig.ts";
import { ENGINE_TOKEN, STEP_MARKER } from "./step-marker.ts";

const SPAWN_KEEPER = join(import.meta.dirname, "../../keeper/spawn-keeper.ts");
let steps: StepRig;
let keepers: KeeperRig | undefined;

beforeEach(() => {
  steps = new StepRig();
});

afterEach(async () => {
  await keepers?.clean();
  steps.dispose();
});

test("an environment that a step brought up outlives the step's cancel, the run's end and the engine's death", async () => {
  const endSteps = beginSteps(join(steps.folder, "state"));
  const cancel = new AbortController();
  const started: { exit?: Promise<StepExit> } = {};
  keepers = await KeeperRig.start((folder) => {
    const script = `
      const { spawnKeeper } = await import(${JSON.stringify(SPAWN_KEEPER)});
      spawnKeeper(${JSON.stringify(folder)}, 1);
      setTimeout(() => {}, 300_000);`;
    started.exit = steps.run("", {
      file: process.execPath,
      args: ["--input-type=module", "-e", script],
      signal: cancel.signal,
    });
  });
  await keepers.slot("blue", keepers.order("d1"));
  const keeper = (await keepers.keeper()).pid;
  const slot = (await keepers.state()).slots.blue?.pid ?? 0;
  expect([keeper, slot].filter(isRunning)).toEqual([keeper, slot]);

  cancel.abort();
  expect((await started.exit)?.ending).toBe("cancelled");
  await endSteps();
  // A record of this very engine, as if it had died.
  mkdirSync(join(steps.folder, "state/engines"), { recursive: true });
  writeFileSync(join(steps.folder, "state/engines", ENGINE_TOKEN), '{"pid":1,"startTime":"never"}\n');
  expect(endAbandonedSteps(join(steps.folder, "state"))).toBe(0);

  expect([keeper, slot].filter(isRunning)).toEqual([keeper, slot]);
  expect((await keepers.keeper()).pid).toBe(keeper);
  if (process.platform !== "linux") return;
  for (const pid of [keeper, slot]) {
    expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toContain(STEP_MARKER);
    expect(readLimitTag(pid)).toBeNull();
  }
});
