import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { step, type CommandOptions } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { Rig } from "../testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

const PASSED = `<testsuite><testcase name="steady"/><testcase name="shaky" file="a.test.ts"/></testsuite>`;
const FAILED = PASSED.replace("</testsuite>", "").replace(
  'file="a.test.ts"/>',
  'file="a.test.ts"><failure message="timed out"/></testcase></testsuite>',
);

/** A suite that fails until its file `tries` has as many lines as `passesAt`; the file is no input of it. */
function suite(passesAt: number, options: Partial<CommandOptions> = {}): StepDefinition {
  rig.write("failed.xml", FAILED);
  rig.write("passed.xml", PASSED);
  return step("unit tests", {
    run: `echo x >> tries; if [ $(wc -l < tries) -ge ${passesAt} ]; then cp passed.xml out.xml; else cp failed.xml out.xml; exit 1; fi`,
    inputs: ["*.xml", "!out.xml"],
    evidence: [{ format: "junit", path: "out.xml", tool: "unit tests" }],
    ...options,
  });
}

const SHAKY = { name: "shaky", file: "a.test.ts", message: "timed out" };
const retry = { attempts: 2, delayMs: 1, on: ["failed"] as const };

describe("a test that failed and passed with the same input", () => {
  it("within a step that was tried again is flaky: it warns, is recorded, and its pass is not kept", async () => {
    const stages = { test: [suite(2, { retry })] };
    const first = await rig.run(stages);
    expect(first.step("unit tests").outcome).toBe("warned");
    expect(first.step("unit tests").why).toContain("shaky passed when the step was tried again");
    expect(first.step("unit tests").evidence).toMatchObject([
      { passedCount: 2, flakyCount: 1, flaky: [{ ...SHAKY, by: "retry" }] },
    ]);
    expect(first.events.find((event) => event.type === "step-retrying")).toMatchObject({ failedTests: [SHAKY] });
    const second = await rig.run(stages);
    expect(second.step("unit tests").isFromCache).toBe(false);
  });

  it("in an earlier run with the same manifest is flaky", async () => {
    const stages = { test: [suite(2)] };
    expect((await rig.run(stages)).step("unit tests").outcome).toBe("failed");
    const second = await rig.run(stages);
    expect(second.step("unit tests")).toMatchObject({
      outcome: "warned",
      evidence: [{ flaky: [{ ...SHAKY, by: "history", rate: { flakyCount: 2, runCount: 2 } }] }],
    });
    expect(second.step("unit tests").why).toContain("with the same input, so in 2 of the last 2 runs");
  });

  it("is none when what it depends on changed in between, or is not known", async () => {
    await rig.run({ test: [suite(2)] });
    const changed = suite(2);
    rig.write("passed.xml", PASSED.replace("<testsuite>", '<testsuite name="new">'));
    expect((await rig.run({ test: [changed] })).step("unit tests").outcome).toBe("passed");
    const { inputs: _inputs, ...undeclared } = suite(4);
    expect((await rig.run({ test: [{ ...undeclared, inputs: null }] })).step("unit tests").outcome).toBe("failed");
    expect((await rig.run({ test: [{ ...undeclared, inputs: null }] })).step("unit tests").outcome).toBe("passed");
  });

  it("has its rate over the kept runs in which the tests ran, whatever their input was", async () => {
    const shaky = suite(2, { retry });
    const rateOf = async (made: StepDefinition) => {
      const [evidence] = (await rig.run({ test: [made] })).step("unit tests").evidence;
      return evidence?.kind === "tests" ? evidence.flaky?.[0]?.rate : undefined;
    };
    expect(await rateOf(shaky)).toEqual({ flakyCount: 1, runCount: 1 });
    // It holds this time.
    rig.write("passed.xml", PASSED.replace("<testsuite>", '<testsuite name="new">'));
    expect(await rateOf(shaky)).toBeUndefined();
    rig.write("tries", "");
    rig.write("passed.xml", PASSED.replace("<testsuite>", '<testsuite name="newer">'));
    expect(await rateOf(shaky)).toEqual({ flakyCount: 2, runCount: 3 });
    rig.write("tries", "");
    const [other] = (await rig.run({ test: [{ ...shaky, name: "other tests" }] })).step("other tests").evidence;
    expect(other).toMatchObject({ flaky: [{ rate: { flakyCount: 1, runCount: 1 } }] });
  });

  it("comes to what the project wants: a pass that is kept, or a failure", async () => {
    const stages = { test: [suite(2, { retry })] };
    const failed = await rig.run(stages, { quality: { flaky: "fail" } });
    expect(failed.step("unit tests")).toMatchObject({ outcome: "failed", problems: [{ code: "TESTS_FLAKY" }] });
    rig.write("tries", "");
    const passed = await rig.run(stages, { quality: { flaky: "pass" } });
    expect(passed.step("unit tests").outcome).toBe("passed");
    expect(passed.step("unit tests").evidence).toMatchObject([{ flakyOutcome: "pass", flakyCount: 1 }]);
    const again = await rig.run(stages, { quality: { flaky: "pass" } });
    expect(again.step("unit tests")).toMatchObject({ outcome: "passed", isFromCache: true });
  });
});
