import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { WorkflowSandbox } from "./testing/workflow-sandbox.ts";

let sandbox: WorkflowSandbox;

beforeEach(() => {
  sandbox = new WorkflowSandbox();
});
afterEach(() => sandbox.dispose());

describe("a matrix that excludes everything", () => {
  test("is said, and does not pass", async () => {
    sandbox.define(
      'stages: { test: [step("none", { run: "true", inputs: [], matrix: matrix({ n: [1] }, { exclude: [{ n: 1 }] }) }), step("b", { run: "true" })] }',
    );
    const { status, stdout } = await sandbox.greenlight(["run", "--stage", "test"]);
    expect(status).toBe(1);
    expect(stdout).toContain("MATRIX_EMPTY");
  });
});

describe("a part of a run on one machine", () => {
  beforeEach(() => {
    sandbox.define(`stages: {
      one: [step("a", { run: "cat in.txt", inputs: ["in.txt"] })],
      two: [step("b", { run: "true", inputs: [] })],
    }`);
    sandbox.write("in.txt", "film\n");
  });

  test("goes on with the run that is named, and not without what comes before", async () => {
    expect(await sandbox.greenlight(["run", "--stage", "two"])).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('HANDOVER_INCOMPLETE: stage two: "a"'),
    });
    expect((await sandbox.greenlight(["run", "--stage", "one", "--run", "r1"])).status).toBe(0);
    expect((await sandbox.greenlight(["run", "--stage", "two", "--run", "r1"])).status).toBe(0);
    const { runs } = JSON.parse((await sandbox.greenlight(["status", "--json"])).stdout) as {
      runs: { id: string; outcome: string }[];
    };
    expect(runs).toMatchObject([{ id: "r1", outcome: "passed" }]);
  });

  test("does not go on from what is no longer so", async () => {
    await sandbox.greenlight(["run", "--stage", "one", "--run", "r1"]);
    sandbox.write("in.txt", "another film\n");
    expect(await sandbox.greenlight(["run", "--stage", "two", "--run", "r1"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("SOURCE_CHANGED"),
    });
  });

  test.each([
    ["an unknown stage", ["--stage", "three"], "STAGE_UNKNOWN"],
    ["a run without a stage", ["--run", "r1"], "USAGE"],
    ["a run's name that leads elsewhere", ["--stage", "one", "--run", "../r"], "USAGE"],
  ])("refuses %s", async (_name, args, code) => {
    expect(await sandbox.greenlight(["run", ...args])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(code),
    });
  });
});
