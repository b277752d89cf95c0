import { rmSync } from "node:fs";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { StepView } from "../../engine/run-view.ts";
import { python } from "./index.ts";
import { LockedProject, type ManagerName } from "./testing/locked-project.ts";
import { PackageIndex } from "./testing/package-index.ts";
import { LACK, LACK_OF_POETRY } from "./testing/python-tools.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const LACKS = { uv: LACK, poetry: LACK_OF_POETRY };

let project: LockedProject;
let index: PackageIndex;

beforeAll(async () => {
  index = await PackageIndex.start();
  for (const version of ["1.0", "2.0"]) index.add("films", version);
});
afterAll(() => index.stop());
beforeEach(() => {
  project = new LockedProject(index);
});
afterEach(() => project.rig.dispose());

async function make(manager: ManagerName): Promise<StepView> {
  const steps = [python.environment({ with: manager })];
  return (await project.rig.run({ build: steps }, { variables: project.variables })).step("python environment");
}

function findings({ evidence }: StepView): readonly string[] {
  return evidence.flatMap((each) =>
    each.kind === "findings" ? each.findings.map(({ file, message }) => `${file}: ${message}`) : [],
  );
}

for (const manager of ["uv", "poetry"] as const) {
  const lack = LACKS[manager];
  const note = lack === null ? "" : ` (${lack})`;
  describe.skipIf(!IS_HEAVY || lack !== null)(`an environment by ${manager}${note}`, { timeout: 300_000 }, () => {
    test("is refused where the lock is out of step with pyproject.toml, with the remedy", async () => {
      await project.lock(manager, "1.0");
      expect(await make(manager)).toMatchObject({ outcome: "passed", problems: [] });
      project.want("2.0");
      const found = await make(manager);
      expect(found).toMatchObject({ outcome: "failed", problems: [{ code: "TOOL_MISCONFIGURED" }] });
      expect(found.problems[0]?.message).toContain(
        `${manager}.lock is missing or out of step with pyproject.toml: run ${manager} lock, and commit ${manager}.lock`,
      );
      await project.lock(manager, "2.0");
      expect((await make(manager)).outcome).toBe("passed");
    });

    test("tells a lock file that it does not read, and one that is not there", async () => {
      await project.lock(manager, "1.0");
      const other = manager === "uv" ? "poetry" : "uv";
      project.rig.write(`${other}.lock`, "");
      const found = await make(manager);
      expect(found.outcome).toBe("warned");
      expect(findings(found)).toEqual([
        `${other}.lock: ${manager} makes the environment and does not read ${other}.lock: delete it, or let ${other} make the environment`,
      ]);
      rmSync(join(project.rig.folder, `${other}.lock`));
      rmSync(join(project.rig.folder, `${manager}.lock`));
      const unlocked = await make(manager);
      expect(unlocked.outcome).toBe(manager === "uv" ? "failed" : "warned");
      expect(`${findings(unlocked).join("")}${unlocked.problems[0]?.message ?? ""}`).toContain(`run ${manager} lock`);
    });
  });
}
