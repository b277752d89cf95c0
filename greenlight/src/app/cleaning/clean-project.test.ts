import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { afterEach, beforeEach, expect, test } from "vitest";

import { holdProject } from "../hold-project.ts";
import { StateRig } from "./testing/state-rig.ts";

let folder: string;
let rig: StateRig;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-clean-")));
  rig = new StateRig(join(folder, ".greenlight"));
  const source = pathToFileURL(join(import.meta.dirname, "../../index.ts")).href;
  writeFileSync(
    join(folder, "greenlight.config.ts"),
    `import { defineProject, pipeline, step } from ${JSON.stringify(source)};
     const stages = { all: [step("bundle", { run: "true" })] };
     export default defineProject({ name: "films", pipelines: { delivery: pipeline({ stages }) },
       retention: { runs: { keep: 1, days: 0 }, cache: { days: 0 } } });`,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Cleaning {
  readonly signal: string | null;
  readonly output: string;
}

/** Cleans in a process of its own, which kills itself before the removal of that number. */
function cleanUntil(number: number): Promise<Cleaning> {
  const program = fileURLToPath(new URL("./testing/doomed-cleaner.ts", import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [program, folder, String(number)], (error, stdout, stderr) => {
      resolve({ signal: error?.signal ?? null, output: stdout + stderr });
    });
  });
}

async function runIds(): Promise<readonly string[]> {
  const runs = rig.openRuns();
  try {
    return (await runs.runs(10)).map(({ id }) => id);
  } finally {
    await runs.close();
  }
}

test("one that is killed gives the project free, and the next one does the rest", async () => {
  for (const [at, input] of ["a", "b"].entries()) {
    const steps = [{ name: "bundle", input, isPassed: true }];
    await rig.addRun({ id: `${at}${"0".repeat(15)}`, daysAgo: 40 - at, outcome: "passed", steps });
  }
  const stored = (): number => readdirSync(join(folder, ".greenlight/store/blobs"), { recursive: true }).length;
  const before = stored();
  expect(await cleanUntil(3)).toMatchObject({ signal: "SIGKILL" });
  expect(await runIds()).toEqual([`1${"0".repeat(15)}`]);
  expect(stored()).toBe(before);
  const rest = await cleanUntil(1000);
  expect(rest).toMatchObject({ signal: null, output: expect.stringMatching(/\ndone\n$/u) });
  expect(stored()).toBeLessThan(before);
  expect(readdirSync(join(folder, ".greenlight/runs"))).toEqual([`1${"0".repeat(15)}`]);
});

test("while a run or another clean-up holds the project, nothing goes", async () => {
  await rig.prepare();
  const release = holdProject(join(folder, ".greenlight"), "clean");
  try {
    const { output } = await cleanUntil(1000);
    expect(output).toContain('"greenlight clean" (process ');
    expect(output).not.toContain("done");
  } finally {
    release();
  }
});
