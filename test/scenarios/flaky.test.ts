import { afterEach, beforeEach, expect, test } from "vitest";

import { Sandbox } from "./testing/sandbox.ts";

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

/** A test that fails each time a counter, which nobody declared as an input, is odd: as tests that lean on what an earlier one left. */
const FLAKY = `
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
const before = Number(readFileSync("counter", "utf8"));
writeFileSync("counter", String(before + 1));
test("adds", () => assert.equal(1 + 1, 2));
test("keeps its balance", () => assert.equal(before % 2, 1, "it fell over"));
`;

test("a flaky test is told at the end, in the report and on the code host, with its rate over the runs", async () => {
  sandbox.write("counter", "0");
  sandbox.write("test/balance.test.mjs", FLAKY);
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, report } from "greenlight";
     import { node } from "greenlight/toolkits";
     const tests = { ...node.unitTests({ tool: "node", inputs: ["test/**"] }), retry: { attempts: 2, delayMs: 1, on: ["failed"],
       factor: 1, maxDelayMs: 1, attemptTimeoutMs: null } };
     export default defineProject({ name: "flaky", environments: {}, pipelines: { delivery: pipeline({
       stages: { test: [tests] }, finally: [report()] }) } });`,
  );
  const first = await sandbox.greenlight(["run"]);
  expect(first.stdout).toContain("warned");
  expect(first.stdout).toMatch(
    /flaky {7}(?:test\/balance\.test\.mjs: )?keeps its balance: passed when the step was tried again; it failed with/u,
  );
  // A flaky pass is not kept, so the tests run again.
  const second = await sandbox.greenlight(["run"], { GITHUB_ACTIONS: "true" });
  expect(second.status).toBe(0);
  const rate = "keeps its balance: passed when the step was tried again, so in 2 of the last 2 runs";
  expect(second.stdout).toContain(rate);
  expect(second.stdout).toMatch(
    /^::warning (?:file=test\/balance\.test\.mjs,)?title=.*flaky test::keeps its balance: .* 2 runs/mu,
  );
  // Paths in what a run writes are as short as they can be from where it was started.
  const page = /report +(\S+\.html)/u.exec(second.stdout)?.[1] ?? "";
  expect(sandbox.read(page)).toContain("so in 2 of the last 2 runs");
  expect(sandbox.read(page.replace(/\.html$/u, ".md"))).toContain(rate.replace("balance: ", "balance "));
}, 60_000);
