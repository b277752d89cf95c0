import { expect, test } from "vitest";

import type { RunView } from "../engine/run-view.ts";
import type { Finding, TestsEvidence } from "../evidence/evidence.ts";
import { githubAnnotations } from "./annotations.ts";
import { UNIT_TESTS } from "./testing/sample-evidence.ts";
import { greenRun } from "./testing/sample-run.ts";

const FINDING: Finding = { rule: "no-x", level: "error", message: "bad", file: "src/a.ts", line: 3 };

function viewOf(findings: readonly Finding[]): RunView {
  const view = greenRun();
  const [step] = view.stages.flatMap((stage) => stage.steps);
  if (step === undefined) throw new Error("no step");
  const evidence = [
    { kind: "findings" as const, tool: "lint", checkedCount: null, findings, findingCount: findings.length },
  ];
  return { ...view, stages: [{ name: "quality", steps: [{ ...step, name: "lint", evidence }] }] };
}

function annotations(findings: readonly Finding[], folder = "", steps = ["lint"]): readonly string[] {
  return githubAnnotations(viewOf(findings), { steps: new Set(steps), folder });
}

test("a finding stands at its file and line as the repository names them", () => {
  expect(annotations([FINDING])).toEqual(["::error file=src/a.ts,line=3,title=lint%3A no-x::bad"]);
  expect(annotations([{ ...FINDING, level: "note", line: null }], "movies")).toEqual([
    "::notice file=movies/src/a.ts,title=lint%3A no-x::bad",
  ]);
  expect(annotations([{ ...FINDING, file: null }])).toEqual(["::error title=lint%3A no-x::bad"]);
  expect(annotations([FINDING], "", ["types"])).toEqual([]);
});

test("a flaky test stands at its file, with its rate, as bad as the project holds it for", () => {
  const flaky = [
    { name: "shaky", file: "a.test.ts", message: "timed out", by: "retry", rate: { flakyCount: 3, runCount: 12 } },
  ] as const;
  const notes = (change: Partial<TestsEvidence>) => {
    const view = viewOf([]);
    const stages = view.stages.map((stage) => ({
      ...stage,
      steps: stage.steps.map((step) => ({ ...step, evidence: [{ ...UNIT_TESTS, flaky, ...change }] })),
    }));
    return githubAnnotations({ ...view, stages }, { steps: new Set(["lint"]), folder: "movies" });
  };
  const said = "shaky: passed when the step was tried again, so in 3 of the last 12 runs; it failed with: timed out";
  expect(notes({})).toEqual([`::warning file=movies/a.test.ts,title=vitest%3A flaky test::${said}`]);
  expect(notes({ flakyOutcome: "fail" })[0]).toMatch(/^::error /u);
  expect(notes({ flakyOutcome: "pass" })[0]).toMatch(/^::notice /u);
});

test("no text begins a command of its own", () => {
  const hostile = { ...FINDING, file: "a,line=1::x\n::set-env::.ts", rule: "r:,%", message: "100 %\r\n::error::no" };
  const [line = ""] = annotations([hostile]);
  expect(line).not.toMatch(/[\r\n]/u);
  expect(line).toBe(
    "::error file=a%2Cline=1%3A%3Ax%0A%3A%3Aset-env%3A%3A.ts,line=3,title=lint%3A r%3A%2C%25::100 %25%0D%0A::error::no",
  );
});

test("what is known or suppressed is not told, and of many as many as GitHub shows", () => {
  const known = { ...FINDING, isNew: false } as Finding;
  const suppressed = { ...FINDING, suppression: { reason: "so" } } as Finding;
  expect(annotations([known, suppressed])).toEqual([]);
  const many = Array.from({ length: 30 }, (_, index) => ({ ...FINDING, line: index + 1 }));
  const lines = annotations([...many, { ...FINDING, level: "warning" }]);
  expect(lines).toHaveLength(11);
  expect(lines[9]).toBe("::error::21 more of this level: see the run's report");
  expect(lines[10]).toContain("::warning ");
});
