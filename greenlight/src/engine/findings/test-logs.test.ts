import { afterEach, beforeEach, expect, it } from "vitest";

import { step } from "../../pipeline/define.ts";
import { Rig } from "../testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

const suite = (body: string) =>
  step("tests", {
    run: `echo "lost the database" > service.log; echo '<testsuite><testcase name="t">${body}</testcase></testsuite>' > out.xml`,
    evidence: [{ format: "junit", path: "out.xml", tool: "tests", logs: ["service.log", "missing.log"] }],
  });

it("tests that failed have the ends of the logs that are there, tests that passed have none", async () => {
  const failed = await rig.run({ test: [suite("<failure/>")] });
  expect(failed.step("tests").evidence).toMatchObject([{ logs: [{ path: "service.log", tail: "lost the database" }] }]);
  const passed = await rig.run({ test: [suite("")] });
  expect(passed.step("tests").evidence[0]).not.toHaveProperty("logs");
});
