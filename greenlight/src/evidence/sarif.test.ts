import { existsSync, readFileSync } from "node:fs";

import { Ajv } from "ajv";
import formats from "ajv-formats";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Finding, FindingsEvidence } from "./evidence.ts";
import { sarifText, type SarifPart } from "./sarif.ts";
import { readAs, sample } from "./testing/sample.ts";

const FINDING = { rule: "R2", level: "warning", message: "m", file: "src/a b#1.ts", line: 3 } as const;
const FULL: Finding = {
  ...FINDING,
  column: 4,
  endLine: 5,
  endColumn: 2,
  snippet: "const x = 1;",
  helpUri: "https://example.com/R2 é",
  fingerprint: "f".repeat(32),
  isNew: true,
  outcome: "warn",
  suppression: { reason: "known fault", expires: "2027-01-31" },
};
/** The schema of OASIS may not be passed on, so it is named by whoever has it. */
const SCHEMA = process.env["GREENLIGHT_SARIF_SCHEMA"] ?? "";
const hasSchema = existsSync(SCHEMA);

interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly object[] } };
    readonly results: readonly Record<string, unknown>[];
    readonly [member: string]: unknown;
  }[];
}

function part(findings: readonly Finding[], change: Partial<FindingsEvidence> = {}): SarifPart {
  const evidence: FindingsEvidence = {
    kind: "findings",
    tool: "t",
    checkedCount: null,
    findings,
    findingCount: findings.length,
    ...change,
  };
  return { evidence, findings: () => findings };
}

function parse(parts: readonly SarifPart[]): Log {
  return JSON.parse([...sarifText(parts)].join("")) as Log;
}

describe("sarifText", () => {
  it("one run a tool, whose findings read back as they were", () => {
    const lint = readAs("findings", { format: "sarif", text: sample("oxlint.sarif.json") }).findings;
    const types = readAs("findings", { format: "tsc-text", text: sample("tsc.txt") }).findings;
    const parts = [part(lint, { tool: "oxlint" }), part(types, { tool: "tsc" })];
    expect(parse(parts).runs.map((run) => run.tool.driver.name)).toEqual(["oxlint", "tsc"]);
    const back = readAs("findings", { format: "sarif", text: [...sarifText(parts)].join("") });
    expect(back.findings).toEqual([...lint, ...types]);
  });

  it("several reports of one tool share a run, and rules stand once", () => {
    const findings = [FINDING, { ...FINDING, rule: "R1", file: null, line: null }];
    const [run, ...more] = parse([part(findings), part(findings)]).runs;
    expect(more).toEqual([]);
    expect(run?.tool.driver.rules).toEqual([{ id: "R1" }, { id: "R2" }]);
    expect(run?.results.map((result) => result["ruleIndex"])).toEqual([1, 0, 1, 0]);
    expect(run?.results[1]).not.toHaveProperty("locations");
    expect(run).not.toHaveProperty("properties");
    expect(run?.results[0]?.["locations"]).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: "src/a%20b%231.ts", uriBaseId: "%SRCROOT%" },
          region: { startLine: 3 },
        },
      },
    ]);
  });

  it("a finding's fingerprint, novelty and suppression stand where consumers look for them", () => {
    const [result] = parse([part([FULL])]).runs[0]?.results ?? [];
    expect(result).toMatchObject({
      partialFingerprints: { "greenlight/v1": FULL.fingerprint },
      baselineState: "new",
      suppressions: [{ kind: "external", status: "accepted", justification: "known fault (until 2027-01-31)" }],
    });
    expect(parse([part([{ ...FULL, isNew: false }])]).runs[0]?.results[0]).toMatchObject({
      baselineState: "unchanged",
    });
  });

  it("a list of which a part is elsewhere says how many findings there were", () => {
    expect(parse([part([FINDING], { findingCount: 900 })]).runs[0]).toMatchObject({
      properties: { findingCount: 900 },
    });
  });

  it("a tool that lacked its data did not finish, so that its empty run is no clean one", () => {
    const log = [...sarifText([part([], { isInconclusive: true, why: "no advisory data" })])].join("");
    const back = readAs("findings", { format: "sarif", text: log });
    expect(back).toMatchObject({ findings: [], isInconclusive: true, why: "no advisory data" });
  });

  it.skipIf(!hasSchema)(
    `is valid by the schema of OASIS${hasSchema ? "" : " (skipped: no GREENLIGHT_SARIF_SCHEMA)"}`,
    () => {
      const {
        $schema: _draft,
        id: _id,
        ...schema
      } = JSON.parse(readFileSync(SCHEMA, "utf8")) as Record<string, unknown>;
      const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
      formats.default(ajv);
      const validate = ajv.compile(schema);
      const check = (parts: readonly SarifPart[]): void => {
        const isValid = validate(parse(parts));
        expect(validate.errors ?? []).toEqual([]);
        expect(isValid).toBe(true);
      };
      check([]);
      check([part([]), part([FULL, FINDING], { tool: "u" }), part([], { tool: "v", isInconclusive: true })]);
      fc.assert(
        fc.property(fc.array(anyFinding(), { maxLength: 6 }), (findings) => check([part(findings)])),
        { numRuns: 40 },
      );
      // The schema would notice: a line of 0 is none.
      expect(validate(JSON.parse([...sarifText([part([{ ...FINDING, line: 0 }])])].join("")))).toBe(false);
    },
  );
});

/** As the readers hand them on: bounded texts, positive lines, addresses that look like ones. */
function anyFinding(): fc.Arbitrary<Finding> {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "../x", "C:/a b", "\ud800", "%zz", "__proto__"),
  );
  const number = fc.integer({ min: 1, max: 1e6 });
  const address = fc.webUrl({ withQueryParameters: true, withFragments: true });
  return fc.record(
    {
      rule: text,
      level: fc.constantFrom("error", "warning", "note"),
      message: text,
      file: fc.option(text),
      line: fc.option(number),
      column: number,
      endLine: number,
      endColumn: number,
      helpUri: address,
      snippet: fc.option(text),
      fingerprint: fc.constant("0".repeat(32)),
      isNew: fc.boolean(),
      outcome: fc.constantFrom("pass", "warn", "fail"),
      suppression: fc.record({ reason: text }),
    },
    { requiredKeys: ["rule", "level", "message", "file", "line"] },
  );
}
