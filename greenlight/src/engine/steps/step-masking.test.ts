import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Masker } from "../../masking/masker.ts";
import { StepRig } from "../testing/step-rig.ts";
import type { MergedFilter } from "./masking.ts";
import { beginSteps } from "./step-process.ts";

let rig: StepRig;
let endSteps: () => Promise<void>;

beforeEach(() => {
  rig = new StepRig();
  endSteps = beginSteps(join(rig.folder, "state"));
});

afterEach(async () => {
  await endSteps();
  rig.dispose("strays");
});

const masker = new Masker([{ name: "TOKEN", value: "open-sesame-42" }]);

function mask(): MergedFilter {
  return masker.merged();
}

describe("the mask", () => {
  test("finds what one stream wrote in pieces, although the other one spoke in between, and holds nothing back at the end", async () => {
    const command = "printf open-ses; sleep 0.05; printf xy >&2; sleep 0.05; printf ame-42; sleep 0.05; printf z >&2";
    await rig.run(command, { mask });
    // On a busy machine the other one's bytes may have waited long enough.
    expect(rig.log()).toMatch(/^(?:\*\*\*)?xy\*\*\*z$/u);
  });

  test("finds halves that came over different streams, also when some time lies between them", async () => {
    await rig.run("printf open-ses; sleep 0.5; printf 'ame-42\nend\n' >&2", { mask });
    expect(rig.log()).toBe("***\nend\n");
  });

  test("lets one stream wait for the other a moment only", async () => {
    const running = rig.run(
      "printf 'is it o'; sleep 0.05; echo asked >&2; while [ ! -e go ]; do sleep 0.02; done; echo k",
      { mask },
    );
    await expect.poll(() => rig.log(), { interval: 20, timeout: 10_000 }).toBe("is it asked\n");
    writeFileSync(join(rig.folder, "go"), "");
    await running;
    expect(rig.log()).toBe("is it asked\nok\n");
  });

  test("somebody who left the group and holds the output open delays the end by a second at most", async () => {
    const startedAt = performance.now();
    const command =
      "setsid sh -c 'echo $$ >> strays; exec sleep 300' & while [ ! -s strays ]; do sleep 0.01; done; echo done";
    await rig.run(command, { mask });
    expect(performance.now() - startedAt).toBeLessThan(2500);
    expect(rig.log()).toBe("done\n");
  });
});
