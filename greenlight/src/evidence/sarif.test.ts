import { describe, expect, it } from "vitest";

import type { FindingsEvidence } from "./evidence.ts";
import { toSarif } from "./sarif.ts";
import { readAs, sample } from "./testing/sample.ts";

const FINDING = { rule: "R2", level: "warning", message: "m", file: "src/a b#1.ts", line: 3 } as const;

describe("toSarif", () => {
  it("one run a tool, whose findings read back as they were", () => {
    const lint = { ...readAs("findings", { format: "sarif", text: sample("oxlint.sarif.json") }), tool: "oxlint" };
    const types = { ...readAs("findings", { format: "tsc-text", text: sample("tsc.txt") }), tool: "tsc" };
    const log = toSarif([lint, types]);
    expect(log.runs.map((run) => run.tool.driver.name)).toEqual(["oxlint", "tsc"]);
    const back = readAs("findings", { format: "sarif", text: JSON.stringify(log) });
    expect(back.findings).toEqual([...lint.findings, ...types.findings]);
  });

  it("several reports of one tool share a run, and rules stand once", () => {
    const part: FindingsEvidence = {
      kind: "findings",
      tool: "t",
      checkedCount: null,
      findings: [FINDING, { ...FINDING, rule: "R1", file: null, line: null }],
      findingCount: 2,
    };
    const [run, ...more] = toSarif([part, part]).runs;
    expect(more).toEqual([]);
    expect(run?.tool.driver.rules).toEqual([{ id: "R1" }, { id: "R2" }]);
    expect(run?.results.map((result) => result.ruleIndex)).toEqual([1, 0, 1, 0]);
    expect(run?.results[1]).not.toHaveProperty("locations");
    expect(run).not.toHaveProperty("properties");
    const place = { uri: "src/a%20b%231.ts", uriBaseId: "%SRCROOT%" };
    expect(run?.results[0]?.locations?.[0]?.physicalLocation).toEqual({
      artifactLocation: place,
      region: { startLine: 3 },
    });
  });

  it("a cut list says how many findings there were", () => {
    const cut: FindingsEvidence = {
      kind: "findings",
      tool: "t",
      checkedCount: 1,
      findings: [FINDING],
      findingCount: 900,
    };
    expect(toSarif([cut]).runs[0]?.properties).toEqual({ findingCount: 900 });
  });
});
