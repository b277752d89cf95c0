import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { step } from "../pipeline/define.ts";
import { Rig } from "./testing/rig.ts";

const canMount = process.platform === "linux" && process.getuid?.() === 0;
let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

describe.runIf(canMount)(`a disk that is full of logs${canMount ? "" : " (skipped: not root)"}`, () => {
  test("stops no run, and is told: as a warning when the step passed, as the machine's fault when it did not", async () => {
    const logs = join(rig.folder, ".greenlight/runs/run1");
    mkdirSync(logs, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", logs]);
    try {
      const talks = step("talks", { run: "yes | head -c 200000; exit 0", inputs: [] });
      const fails = step("fails", { run: "yes | head -c 200000 && echo end", allowFailure: true, needs: { talks } });
      const { view, step: ended } = await rig.run({ s: [talks, fails] });
      expect(ended("talks")).toMatchObject({ outcome: "passed" });
      expect(ended("fails").problems).toMatchObject([{ code: "STORE_UNWRITABLE", message: "its disk is full" }]);
      expect(view.warnings).toContainEqual(
        expect.objectContaining({ code: "LOG_INCOMPLETE", place: "talks", message: expect.stringContaining("full") }),
      );
    } finally {
      execFileSync("umount", [logs]);
    }
  });
});
