import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Finding } from "../evidence.ts";
import { streamEvidence } from "../read-evidence.ts";
import { readAs, sample } from "../testing/sample.ts";

const OPTIONS = { projectFolder: "/project", path: "out/report" };

/** The log read in pieces of that many bytes: its findings, or what is wrong with it. */
async function stream(text: string | Uint8Array, size = 7): Promise<readonly Finding[] | string> {
  const bytes = Buffer.from(text as string);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
  }
  const findings: Finding[] = [];
  const read = await streamEvidence("sarif", "the tool", chunks, {
    ...OPTIONS,
    onFinding: (finding) => void findings.push(finding),
  });
  return read.ok ? findings : `${read.error.place}: ${read.error.message}`;
}

function log(...runs: readonly object[]): string {
  return JSON.stringify({ runs, version: "2.1.0" });
}

const TOOL = { driver: { name: "scan", rules: [{ id: "A", defaultConfiguration: { level: "error" } }] } };

describe("SARIF in pieces", () => {
  it("gives what the whole text gives, however it is cut", async () => {
    const text = sample("oxlint.sarif.json");
    const whole = readAs("findings", { format: "sarif", text }).findings;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (size) => {
        expect(await stream(text, size)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it("rules, places and artifacts count also when they stand behind the results", async () => {
    const location = { physicalLocation: { artifactLocation: { index: 0 } } };
    const based = { physicalLocation: { artifactLocation: { uri: "b.py", uriBaseId: "R" } } };
    const results = [
      { ruleIndex: 0, message: { text: "one" }, locations: [location] },
      { ruleId: "A", message: { text: "two" }, locations: [based] },
    ];
    const artifacts = [{ location: { uri: "a.py" } }];
    const text = log(
      { results, tool: TOOL, artifacts, originalUriBaseIds: { R: { uri: "file:///project/lib/" } } },
      { results: [], tool: TOOL, invocations: [{ executionSuccessful: false }] },
    );
    expect(await stream(text)).toMatchObject([
      { rule: "A", level: "error", file: "a.py", message: "one" },
      { rule: "A", level: "error", file: "lib/b.py", message: "two" },
      { rule: "execution", level: "error" },
    ]);
  });

  it.each([
    ['{"version":"2.1.0","runs":[', "out/report: the tool report: not JSON: it ends in the middle"],
    ['{"version":"2.0.0","runs":[]}', 'out/report, version: the tool report: expected "2.1.0"'],
    ['{"version":"2.1.0"}', "out/report, runs: the tool report: no run of a tool in it"],
    [log({ results: [{ message: {} }, { message: 1 }], tool: TOOL }), "out/report, runs.0.results.1.message"],
    [log({ results: [{ message: {} }] }), "out/report, runs: the tool report: no run of a tool in it"],
    [log({ tool: TOOL }, { results: [{ message: {} }] }), "out/report, runs.1.tool: the tool report: expected a tool"],
    [log({ tool: { driver: { name: "x", rules: [{ id: 1 }] } } }), "out/report, runs.0.tool.driver.rules.0.id"],
    [`{"a":${"[".repeat(300)}`, "nested more than 200 deep"],
    [`{"a":"${"x".repeat(17 * 1024 * 1024)}"}`, "a value in it is longer than"],
    ["\u0000\u0001", "not JSON"],
    ["", "it ends in the middle"],
  ])("%.60s is refused", async (text, message) => {
    expect(await stream(text, 64 * 1024)).toContain(message);
  });

  it("bytes that are no text come out as U+FFFD, and a mark at the beginning does not matter", async () => {
    const [before = "", after = ""] = log({ results: [{ message: { text: "a|b" } }], tool: TOOL }).split("|");
    const bytes = Buffer.concat([Buffer.from(`\ufeff${before}`), Buffer.from([0xff, 0xc3]), Buffer.from(after)]);
    expect(await stream(bytes)).toMatchObject([{ message: "a\ufffd\ufffdb" }]);
  });
});
