import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { effectStep, functionStep, step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { Rig } from "../testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

const SOUND = 'outcome: "passed", isAlready: false, why: "", problems: [], evidence: [], facts: {}, subject: null';
const after = step("after", { run: "touch ran", inputs: [] });

function effect(body: string, name = "odd"): StepDefinition {
  rig.write(`${name}.mjs`, `export async function odd(args, context) { ${body} }`);
  return effectStep(name, { module: `./${name}.mjs`, export: "odd", timeoutMs: 2000 });
}

describe("an effect whose answer is none", () => {
  test.each([
    ["nothing", "return undefined;"],
    ["a text", 'return "passed";'],
    ["an outcome that there is none", `return { ${SOUND}, outcome: "great" };`],
    ["no outcome", 'return { why: "done" };'],
    ["no lists", `return { ${SOUND}, problems: undefined };`],
    ["a reason that is no text", `return { ${SOUND}, why: 7 };`],
    ["a number that JSON does not have", `return { ${SOUND}, facts: { size: 10n } };`],
    ["a ring", `const facts = {}; facts.self = facts; return { ${SOUND}, facts };`],
    ["facts that are a list", `return { ${SOUND}, facts: [1] };`],
    ["a problem without a code", `return { ${SOUND}, outcome: "failed", problems: [{ message: "x" }] };`],
    [
      "a problem with a foreign code",
      `return { ${SOUND}, outcome: "failed", problems: [{ code: "MINE", place: "", message: "", remedy: "" }] };`,
    ],
    ["evidence of no kind", `return { ${SOUND}, evidence: [7] };`],
  ])("but %s is errored, and the record closes", async (_what, body) => {
    const run = await rig.run({ one: [effect(body)], two: [after] });
    expect(run.step("odd")).toMatchObject({ outcome: "errored", problems: [{ code: "CONFIG_INVALID" }] });
    expect(run.step("odd").why).toContain("./odd.mjs");
    expect(run.view.outcome).toBe("errored");
    expect(run.step("after").outcome).toBe("skipped");
    expect(run.events.at(-1)?.type).toBe("run-ended");
  });

  test("is taken as it is recorded: what JSON leaves out is not there for later steps either", async () => {
    const tell = effect(`return { ${SOUND}, facts: { at: new Date(0), no: undefined, n: NaN } };`, "tell");
    const hear = {
      ...effect(`return { ${SOUND}, facts: { heard: JSON.stringify(context.needs.tell.facts) } };`, "hear"),
      needs: { tell },
    };
    const run = await rig.run({ one: [tell], two: [hear] });
    expect(run.step("tell").facts).toEqual({ at: "1970-01-01T00:00:00.000Z", n: null });
    expect(run.step("hear").facts).toEqual({ heard: '{"at":"1970-01-01T00:00:00.000Z","n":null}' });
  });
});

describe("an effect that throws", () => {
  test.each([
    ["a text", 'throw "up";', "up"],
    ["nothing", "throw undefined;", "undefined"],
    ["an object", "throw { code: 7 };", ""],
    ["a problem of no form", 'const e = new Error("no"); e.name = "ProblemError"; e.problems = ["x"]; throw e;', "no"],
    [
      "a problem of a foreign copy",
      'const e = new Error("no"); e.name = "ProblemError"; e.problems = [{ code: "MINE" }]; throw e;',
      "no",
    ],
  ])("%s is errored, and the record closes", async (_what, body, words) => {
    const run = await rig.run({ one: [effect(body)] });
    expect(run.step("odd").outcome).toBe("errored");
    expect(run.step("odd").problems[0]).toMatchObject({ code: "INTERNAL", place: "odd" });
    expect(run.step("odd").why).toContain(words);
  });
});

describe("an effect that does not listen", () => {
  test("is given up some time after its deadline", async () => {
    const run = await rig.run(
      { one: [{ ...effect("return new Promise(() => {});"), timeoutMs: 200 }], two: [after] },
      { graceMs: 10 },
    );
    expect(run.step("odd")).toMatchObject({ outcome: "failed", problems: [{ code: "STEP_TIMEOUT" }] });
    expect(run.events.at(-1)?.type).toBe("run-ended");
  }, 20_000);

  test("is given up some time after a cancel", async () => {
    const cancel = new AbortController();
    const onEvent = (event: { readonly type: string }): void => {
      if (event.type === "step-started") cancel.abort();
    };
    const run = await rig.run(
      { one: [effect("return new Promise(() => {});")] },
      { signal: cancel.signal, onEvent, graceMs: 10 },
    );
    expect(run.step("odd").outcome).toBe("cancelled");
  }, 20_000);
});

describe("a function step whose answer is none", () => {
  test.each([
    ["references that are no list", "return { references: 7 };"],
    ["a reference without a digest", 'return { references: [{ path: "x" }] };'],
    ["a reference by a path for a digest", 'return { references: [{ path: "x", digest: "../../x" }] };'],
    [
      "a reference to a file that is not there",
      `return { references: [{ path: "/nowhere/x", digest: "${"a".repeat(64)}" }] };`,
    ],
    ["a number that JSON does not have", "return { references: [], size: 10n };"],
  ])("but %s fails, and is not kept", async (_what, body) => {
    rig.write("odd.mjs", `export async function odd() { ${body} }`);
    const odd = functionStep("odd", { module: "./odd.mjs", export: "odd" });
    for (let round = 0; round < 2; round += 1) {
      const run = await rig.run({ one: [odd] });
      expect(run.step("odd")).toMatchObject({ isFromCache: false });
      expect(["failed", "errored"]).toContain(run.step("odd").outcome);
      expect(run.step("odd").problems[0]?.code).not.toBe("INTERNAL");
    }
  });

  test("a thrown problem of no form is told as what was thrown", async () => {
    rig.write(
      "odd.mjs",
      'export async function odd() { const e = new Error("no films"); e.name = "ProblemError"; e.problems = ["x", { code: "MINE" }]; throw e; }',
    );
    const run = await rig.run({ one: [functionStep("odd", { module: "./odd.mjs", export: "odd" })] });
    expect(run.step("odd")).toMatchObject({ outcome: "failed", problems: [{ code: "COMMAND_FAILED" }] });
    expect(run.step("odd").problems[0]?.message).toContain("no films");
  });
});
