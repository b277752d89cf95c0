import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { effectStep, step } from "../pipeline/define.ts";
import type { Matrix, StepDefinition } from "../pipeline/definition.ts";
import type { RunEvent } from "./event.ts";
import type { StepView } from "./run-view.ts";
import { Rig, type RigRun } from "./testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

/** One combination for each letter; each does what its own line of the shell says. */
function letters(
  lines: Readonly<Record<string, string>>,
  options: { readonly matrix?: Partial<Matrix> } & Partial<Parameters<typeof step>[1]> = {},
): StepDefinition {
  const { matrix, ...rest } = options;
  const cases = Object.entries(lines).map(([letter, line]) => `${letter}) ${line} ;;`);
  return step("letters", {
    run: `case "$MATRIX_LETTER" in ${cases.join(" ")} esac`,
    inputs: [],
    matrix: { axes: { letter: Object.keys(lines) }, ...matrix },
    ...rest,
  });
}

function combinations(run: RigRun): StepView[] {
  return run.view.stages.flatMap((stage) => stage.steps).filter((each) => each.name.startsWith("letters"));
}

function outcomes(run: RigRun): string[] {
  return combinations(run).map((each) => each.outcome);
}

describe("a combination that fails", () => {
  const lines = { a: "exit 3", b: "touch started-b; sleep 60", c: "touch started-c" };

  test("cancels its siblings, running and waiting, and the run is failed, not cancelled", async () => {
    const startedAt = performance.now();
    const run = await rig.run(
      { one: [letters({ ...lines, a: "while ! test -e started-b; do sleep 0.01; done; exit 3" })] },
      { concurrency: 2 },
    );
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(outcomes(run)).toEqual(["failed", "cancelled", "cancelled"]);
    expect(run.view.outcome).toBe("failed");
    const [first, second, third] = combinations(run);
    expect(second?.why).toContain(`"${first?.name}" failed, and the matrix fails fast`);
    expect(third?.why).toBe(`cancelled: "${first?.name}" failed, and the matrix fails fast`);
    expect(existsSync(join(rig.folder, "started-c"))).toBe(false);
  });

  test("does not touch its siblings when the matrix does not fail fast", async () => {
    const run = await rig.run({
      one: [letters({ a: "exit 3", b: "true", c: "true" }, { matrix: { failFast: false } })],
    });
    expect(outcomes(run)).toEqual(["failed", "passed", "passed"]);
    expect(run.view.outcome).toBe("failed");
  });

  test("does not touch its siblings when its failure is allowed", async () => {
    const run = await rig.run({ one: [letters({ a: "exit 3", b: "true", c: "exit 4" }, { allowFailure: true })] });
    expect(outcomes(run)).toEqual(["warned", "passed", "warned"]);
    expect(run.view.outcome).toBe("warned");
  });

  test("cancels siblings only, and not the steps beside the matrix", async () => {
    const beside = step("beside", { run: "sleep 0.3", inputs: [] });
    const run = await rig.run({ one: [letters({ a: "exit 3", b: "true" }), beside] });
    expect(run.step("beside").outcome).toBe("passed");
  });

  test("ends a sibling that waits for its next attempt", async () => {
    rig.write(
      "letters.mjs",
      `import { existsSync } from "node:fs";
       import { setTimeout } from "node:timers/promises";
       export async function letters({ letter }, { project }) {
         if (letter === "b") throw new Error("not now");
         while (!existsSync(project.folder + "/b-waits")) await setTimeout(5);
         return { outcome: "failed", isAlready: false, why: "no", problems: [], evidence: [], facts: {}, subject: null };
       }`,
    );
    const matrix = effectStep("letters", {
      module: "./letters.mjs",
      export: "letters",
      args: { letter: "{matrix.letter}" },
      matrix: { axes: { letter: ["a", "b"] } },
      retry: { attempts: 2, delayMs: 60_000, on: ["errored"] },
    });
    const onEvent = (event: RunEvent): void => {
      if (event.type === "step-retrying") rig.write("b-waits", "");
    };
    const run = await rig.run({ one: [matrix] }, { onEvent });
    expect(outcomes(run)).toEqual(["failed", "cancelled"]);
    expect(combinations(run)[1]).toMatchObject({ attempts: 1, retries: [{ attempt: 1, outcome: "errored" }] });
    expect(combinations(run)[1]?.why).toContain("the matrix fails fast");
  });

  test("skips what needs the matrix, and stops later stages", async () => {
    const matrix = letters({ a: "exit 3", b: "true" });
    const needs = step("needs", { run: "true", inputs: [], needs: { matrix } });
    const later = step("later", { run: "true", inputs: [] });
    const run = await rig.run({ one: [matrix, needs], two: [later] });
    expect(run.step("needs")).toMatchObject({ outcome: "skipped" });
    expect(run.step("later")).toMatchObject({ outcome: "skipped", why: "stage one did not pass" });
  });

  test("is done again by a retry, along with the siblings that it cancelled", async () => {
    const stages = { one: [letters({ a: "test -e mended", b: "sleep 0.4" })] };
    const first = await rig.run(stages, { runId: "run", concurrency: 2 });
    expect(outcomes(first)).toEqual(["failed", "cancelled"]);
    rig.write("mended", "");
    const resume = { mode: "retry", by: "kim", why: "mended", again: [] } as const;
    expect(outcomes(await rig.run(stages, { runId: "run", resume }))).toEqual(["passed", "passed"]);
  });
});

describe("a matrix that holds itself back", () => {
  test("never runs more combinations at once than it may, and beside it others do", async () => {
    const many = Object.fromEntries(
      [..."abcdef"].map((letter) => [
        letter,
        "touch now/$MATRIX_LETTER; ls now | wc -l >> seen; sleep 0.05; rm now/$MATRIX_LETTER",
      ]),
    );
    rig.write("now/.keep", "");
    const beside = step("beside", { run: "true", inputs: [] });
    const run = await rig.run({ one: [letters(many, { matrix: { maxParallel: 2 } }), beside] }, { concurrency: 6 });
    expect(run.view.outcome).toBe("passed");
    const seen = rig.read("seen").trim().split("\n").map(Number);
    expect(seen).toHaveLength(6);
    expect(Math.max(...seen)).toBe(2);
    expect(readdirSync(join(rig.folder, "now"))).toEqual([".keep"]);
    const order = run.events.flatMap((event) => (event.type === "step-ended" ? [event.step] : []));
    expect(order.indexOf("beside")).toBeLessThan(order.length - 1);
  });

  test("with one at a time stops at the first failure", async () => {
    const run = await rig.run({
      one: [letters({ a: "true", b: "exit 3", c: "touch started-c" }, { matrix: { maxParallel: 1 } })],
    });
    expect(outcomes(run)).toEqual(["passed", "failed", "cancelled"]);
    expect(existsSync(join(rig.folder, "started-c"))).toBe(false);
  });
});

describe("a matrix that excludes everything", () => {
  const none = letters({ a: "true" }, { matrix: { exclude: [{ letter: "a" }] } });

  test("is skipped and said, what needs it is skipped, and the run is failed", async () => {
    const needs = step("needs", { run: "touch ran", inputs: [], needs: { none } });
    const later = step("later", { run: "touch ran", inputs: [] });
    const run = await rig.run({ one: [none, needs], two: [later] });
    expect(run.step("letters")).toMatchObject({ outcome: "skipped", problems: [{ code: "MATRIX_EMPTY" }] });
    expect(run.step("needs")).toMatchObject({ outcome: "skipped", why: 'it needs "letters", which ended as skipped' });
    expect(run.step("later").outcome).toBe("skipped");
    expect(run.view.outcome).toBe("failed");
    expect(existsSync(join(rig.folder, "ran"))).toBe(false);
  });

  test("is no green run either when nothing else is in it, when it may fail, or when it comes last", async () => {
    expect((await rig.run({ one: [none] })).view.outcome).toBe("failed");
    expect((await rig.run({ one: [{ ...none, allowFailure: true }] })).view.outcome).toBe("failed");
    const first = step("first", { run: "true", inputs: [] });
    expect((await rig.run({ one: [first] }, { finally: [none] })).view.outcome).toBe("failed");
  });
});

test("each combination sees its values, has its paths, its manifest and its cache; who needs the matrix gets all", async () => {
  const matrix = step("make", {
    run: 'mkdir -p out; echo "$MATRIX_NODE $MATRIX_FAST $MATRIX_NAME" > out/$MATRIX_NODE-$MATRIX_FAST; echo x >> count',
    inputs: ["in-{matrix.node}"],
    outputs: { out: "out/{matrix.node}-{matrix.fast}" },
    matrix: {
      axes: { node: [22, 24], fast: [true, false] },
      exclude: [{ node: 22, fast: false }],
      include: [
        { node: 24, fast: true, name: "both" },
        { node: 26, fast: true },
      ],
    },
  });
  rig.write("in-22", "");
  rig.write("in-24", "");
  rig.write("in-26", "");
  const join_ = step("join", { run: "cat out/* > all", inputs: [], needs: { matrix }, outputs: { all: "all" } });
  const run = await rig.run({ one: [matrix], two: [join_] });
  expect(run.view.outcome).toBe("passed");
  expect(rig.read("all")).toBe("22 true \n24 false \n24 true both\n26 true \n");
  expect(run.step("join").needs).toHaveLength(4);
  rig.write("in-24", "changed");
  const again = await rig.run({ one: [matrix], two: [join_] });
  const cached = again.view.stages[0]?.steps.filter((each) => each.isFromCache);
  expect(cached).toHaveLength(2);
  expect(again.step("join").isFromCache).toBe(true);
  expect(rig.read("count")).toBe("x\n".repeat(6));
});
