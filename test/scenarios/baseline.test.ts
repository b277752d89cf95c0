import { existsSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { Sandbox } from "./testing/sandbox.ts";

const BASELINE = "greenlight.baseline.json";

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
  config();
});
afterEach(() => sandbox.dispose());

/** Two tools that copy what they are to report; `quality` as it stands in the definition. */
function config(quality = "{}"): void {
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     const tool = (name) => step(name, { run: \`mkdir -p out && echo x >> \${name}.ran && cp \${name}.json out/\${name}.sarif\`,
       inputs: [\`\${name}.json\`, "src/**"], evidence: [{ format: "sarif", path: \`out/\${name}.sarif\`, tool: name }] });
     export default defineProject({ name: "old", quality: ${quality}, environments: {}, pipelines: { delivery: pipeline({
       stages: { quality: [tool("lint"), tool("audit")] } }) } });`,
  );
}

function report(tool: string, rules: readonly string[], line = 1, run: object = {}): void {
  const results = rules.map((rule) => ({
    ruleId: rule,
    level: "error",
    message: { text: `${rule} found` },
    locations: [{ physicalLocation: { artifactLocation: { uri: "src/a.py" }, region: { startLine: line } } }],
  }));
  const log = { version: "2.1.0", runs: [{ tool: { driver: { name: tool } }, ...run, results }] };
  sandbox.write(`${tool}.json`, JSON.stringify(log));
}

async function greenlight(
  ...args: readonly string[]
): Promise<{ readonly status: number | null; readonly text: string }> {
  const { status, stdout, stderr } = await sandbox.greenlight(args);
  return { status, text: `${stdout}${stderr}` };
}

function runs(tool: string): number {
  return sandbox.read(`${tool}.ran`).trim().split("\n").length;
}

test("an old project is taken as it is, fails on what is new, and its baseline never grows unsaid", async () => {
  sandbox.write("src/a.py", "old = 1\n");
  report("lint", ["A", "B"]);
  report("audit", ["C"]);
  const first = await greenlight("run");
  expect(first.status).toBe(1);
  // Both tools, grouped by the file.
  expect(first.text).toMatch(
    / {2}src\/a\.py\n {4}1 +error +A found {2}lint A\n {4}1 +error +B found {2}lint B\n.*audit C/u,
  );
  expect((await greenlight("baseline", "check")).text).toContain("there is no baseline; 3 findings");
  const written = await greenlight("baseline", "write");
  expect(written.status).toBe(0);
  expect(written.text).toContain("+ src/a.py: lint A: A found");
  expect(written.text).toContain("3 added, 0 dropped");
  const text = sandbox.read(BASELINE);
  const known = await greenlight("run");
  expect(known).toMatchObject({ status: 0 });
  expect(known.text).not.toContain("A found");
  // Judged anew, not run anew.
  expect([runs("lint"), runs("audit")]).toEqual([1, 1]);
  expect((await greenlight("baseline", "check")).status).toBe(0);

  // The line moves, B is mended, D comes; the audit no longer reports at all.
  sandbox.write("src/a.py", "import os\n\nold = 1\n");
  report("lint", ["A", "D"], 3);
  sandbox.write("audit.json", "{");
  const next = await greenlight("run");
  expect(next.status).toBe(1);
  expect(next.text).toContain("new error   D found");
  expect(next.text).not.toContain("A found");
  const checked = await greenlight("baseline", "check");
  expect(checked.status).toBe(1);
  expect(checked.text).toContain("+ src/a.py: lint D: D found");
  expect(checked.text).toContain("- src/a.py: lint B: B found");
  expect(checked.text).toContain("1 of reports that run");
  const pruned = await greenlight("baseline", "write", "--prune");
  expect(pruned.text).toContain("2 known findings");
  expect(sandbox.read(BASELINE)).not.toContain('"D"');
  expect(sandbox.read(BASELINE)).toContain('"C"');
  expect(sandbox.read(BASELINE).length).toBeLessThan(text.length);
}, 120_000);

test("a damaged baseline is refused with its place, and all findings of every run are in one SARIF log", async () => {
  report("lint", ["A"]);
  report("audit", ["C"]);
  sandbox.write(BASELINE, '{"schema": 1, "findings": [\n<<<<<<< HEAD\n');
  const run = await greenlight("run");
  expect(run.status).toBe(1);
  expect(run.text).toContain(`BASELINE_UNREADABLE: ${BASELINE}, line 2`);
  const checked = await greenlight("baseline", "check");
  expect(checked.status).toBe(2);
  expect(checked.text).toContain("a merge that was not resolved");
  expect((await greenlight("baseline", "grow")).status).toBe(2);
  config(
    '{ baseline: "known.json", rules: [{ tool: "lint", outcome: "warn" }], suppressions: [{ tool: "audit", reason: "no fix yet" }] }',
  );
  const warned = await greenlight("run", "--json");
  expect(warned.status).toBe(0);
  const [id = ""] = /(?<="runId":")[^"]+/u.exec(warned.text) ?? [];
  const sarif = join(".greenlight/reports", id, "findings.sarif");
  expect(existsSync(join(sandbox.folder, sarif))).toBe(true);
  const log = JSON.parse(sandbox.read(sarif)) as { readonly runs: readonly { readonly results: readonly object[] }[] };
  expect(log.runs.map((each) => each.results.length)).toEqual([1, 1]);
  expect(log.runs[1]?.results[0]).toMatchObject({ suppressions: [{ justification: "no fix yet" }] });
  expect(warned.text).not.toContain("notices");

  // Once the audit finds nothing, its suppression is idle; that is told and fails nothing.
  report("audit", []);
  const idle = await greenlight("run", "--json");
  expect(idle.status).toBe(0);
  const last = JSON.parse(idle.text.trim().split("\n").at(-1) ?? "") as object;
  expect(last).toMatchObject({ notices: [{ code: "SUPPRESSION_IDLE", place: "quality.suppressions.0" }] });
  expect((await greenlight("run")).text).toMatch(/SUPPRESSION_IDLE.*\(no fix yet\).*\n {2}remedy: remove it/u);
  // A run that does not ask the audit knows nothing of it.
  expect((await greenlight("run", "--stage", "quality", "--step", "lint")).text).not.toContain("SUPPRESSION_IDLE");
}, 120_000);
