import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Evidence } from "../../evidence/evidence.ts";
import { step } from "../../pipeline/define.ts";
import type { EvidenceFormat, StepDefinition } from "../../pipeline/definition.ts";
import { node } from "../../toolkits/node/index.ts";
import { Rig } from "../testing/rig.ts";

const MANY_DIGITS = "9".repeat(400);
const HERE = import.meta.filename;

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(() => {
  rig.dispose();
});

/** A tool of which only the report is known: those bytes, as they are. */
function reporting(format: EvidenceFormat, bytes: string | Uint8Array): StepDefinition {
  writeFileSync(join(rig.folder, "report"), bytes);
  return step("tool", {
    run: "mkdir -p out && cp report out/report",
    inputs: ["report"],
    evidence: [{ format, path: "out/report", tool: "tool" }],
  });
}

async function outcome(definition: StepDefinition) {
  const run = await rig.run({ quality: [definition] });
  return { ...run.step(definition.name), record: JSON.stringify(run.events) };
}

function ofKind<Kind extends Evidence["kind"]>(evidence: readonly Evidence[], kind: Kind) {
  const found = evidence.find((each): each is Extract<Evidence, { kind: Kind }> => each.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}

function sarif(...places: readonly { readonly uri: string; readonly startLine?: number | string }[]): string {
  const results = places.map(({ uri, startLine = 1 }) => ({
    ruleId: "R",
    level: "error",
    message: { text: "found" },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine } } }],
  }));
  return JSON.stringify({ version: "2.1.0", runs: [{ tool: { driver: { name: "tool" } }, results }] });
}

describe("a tool that says nothing of use", () => {
  test.each([
    ["prints nothing", "true"],
    ["writes to its standard error only", "echo 'a.ts:1:1: bad' >&2"],
    ["leaves an empty report", "mkdir -p out; : > out/report"],
    ["is killed while it writes", `mkdir -p out; printf '{"version": "2.1.0", "runs": [' > out/report; kill -KILL $$`],
    ["leaves a folder where its report should be", "mkdir -p out/report"],
  ])("and %s has not passed", async (_what, run) => {
    const evidence = [{ format: "sarif", path: "out/report", tool: "tool" }] as const;
    const found = await outcome(step("tool", { run, inputs: [], evidence }));
    expect(found.outcome).toBe("failed");
    expect(found.problems.length).toBeGreaterThan(0);
    const again = await outcome(step("tool", { run, inputs: [], evidence }));
    expect(again.isFromCache).toBe(false);
  });

  test("because it hangs, with a half written report, is ended in time, with all that it started", async () => {
    const run = "mkdir -p out; echo a.ts > out/report; sleep 600 & sleep 600";
    const evidence = [{ format: "oxfmt-list", path: "out/report", tool: "tool" }] as const;
    const found = await outcome(step("tool", { run, inputs: [], evidence, timeoutMs: 500 }));
    expect(found).toMatchObject({ outcome: "failed", problems: [{ code: "STEP_TIMEOUT" }] });
  });
});

test("tests that kill their runner have failed, whatever stood in the report so far", async () => {
  rig.write("test/good.test.mjs", 'import { test } from "node:test"; test("good", () => {});');
  rig.write("test/bad.test.mjs", 'import { test } from "node:test"; test("bad", () => process.kill(process.ppid, 9));');
  const found = await outcome(node.unitTests({ tool: "node", inputs: ["test/**"] }));
  expect(found.outcome).toBe("failed");
  expect(found.problems.map((each) => each.message).join()).toContain("SIGKILL");
});

/** A file of one line in lcov's form. */
function entry(file: string, hits: number): string {
  return `SF:${file}\nDA:1,${hits}\nend_of_record\n`;
}

describe("a path of a report that leads out of the project", () => {
  test("is told as it is, and nothing of that file is shown", async () => {
    const up = "../".repeat(20);
    const places = [`${up}etc/passwd`, "/etc/passwd", "file:///etc/passwd", "%2e%2e/%2e%2e/etc/passwd", HERE];
    const found = await outcome(reporting("sarif", sarif(...places.map((uri) => ({ uri })))));
    const { findings } = ofKind(found.evidence, "findings");
    expect(findings).toHaveLength(places.length);
    expect(findings.filter((each) => each.snippet !== undefined)).toEqual([]);
    expect(found.record).not.toContain("root:x:0");
  });

  test("counts for no coverage, nor does a file that is not there", async () => {
    rig.write("src/a.ts", "a();\n");
    const strange = ["src/gone.ts", "../../../../etc/passwd", "/etc/passwd", "src/a.ts/b"];
    const text = strange.map((file) => entry(file, 1)).join("") + entry("src/a.ts", 0);
    const coverage = ofKind((await outcome(reporting("lcov", text))).evidence, "coverage");
    expect(coverage).toMatchObject({ lines: { coveredCount: 0, totalCount: 1 }, files: [{ path: "src/a.ts" }] });
    expect(coverage.strangers?.count).toBe(strange.length);
  });
});

describe("text that is not UTF-8", () => {
  const text = "./src/größe.py:1:1: E501 zu lang: größe\n";

  test.each([
    ["Latin-1", Buffer.from(text, "latin1")],
    ["UTF-16 with a mark", Buffer.from(`\uFEFF${text}`, "utf16le")],
    ["NUL bytes", Buffer.from(`\0${text}\0`)],
    ["a byte order mark", Buffer.from(`\uFEFF${text}`)],
  ])("in a report, %s, is read as far as it goes, or refused with its place", async (_what, bytes) => {
    const found = await outcome(reporting("flake8-text", bytes));
    expect(found.outcome).not.toBe("passed");
    if (found.problems.some((each) => each.code === "EVIDENCE_UNREADABLE")) return;
    const { findings } = ofKind(found.evidence, "findings");
    expect(findings).toMatchObject([{ rule: "E501", line: 1 }]);
    expect(JSON.stringify(findings)).not.toContain(String.raw`\u0000`);
  });

  test("in a source does not change which findings there are, and is shown as text", async () => {
    writeFileSync(join(rig.folder, "latin.py"), Buffer.from("größe = 1\n", "latin1"));
    writeFileSync(join(rig.folder, "wide.py"), Buffer.from("\uFEFFx = 1\n", "utf16le"));
    writeFileSync(join(rig.folder, "nul.py"), Buffer.from("x = '\0'\n"));
    const files = ["latin.py", "wide.py", "nul.py"];
    const found = await outcome(reporting("sarif", sarif(...files.map((uri) => ({ uri })))));
    const { findings } = ofKind(found.evidence, "findings");
    expect(findings.map((each) => each.file)).toEqual(files);
    expect(new Set(findings.map((each) => each.fingerprint)).size).toBe(3);
    for (const { snippet } of findings) expect(snippet ?? "").not.toMatch(/[\0\u{D800}-\u{DFFF}]/u);
  });
});

describe("hostile XML", () => {
  const bomb = Array.from({ length: 20 }, (_each, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(10)}">`).join("");

  test.each([
    ["entities that grow", `<!DOCTYPE t [<!ENTITY e0 "lol">${bomb}]><testsuite><testcase name="&e20;"/></testsuite>`],
    [
      "a file by name",
      `<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"/></testsuite>`,
    ],
    ["an address by name", `<!DOCTYPE t SYSTEM "http://127.0.0.1:9/t.dtd"><testsuite><testcase name="a"/></testsuite>`],
  ])("with %s is bounded, and nothing is read for it", async (_what, text) => {
    for (const format of ["junit", "cobertura"] as const) {
      const found = await outcome(reporting(format, text));
      expect(found.record.length).toBeLessThan(100_000);
      expect(found.record).not.toContain("root:x:0");
      expect(found.record).not.toContain("lol".repeat(50));
    }
  });
});

describe("numbers of four hundred digits", () => {
  test.each([
    ["sarif", sarif({ uri: "a.ts", startLine: 7 }).replace('"startLine":7', `"startLine":${MANY_DIGITS}`), "startLine"],
    ["lcov", `SF:a.ts\nDA:${MANY_DIGITS},1\nend_of_record\n`, "line 2"],
    ["flake8-text", `./a.py:${MANY_DIGITS}:1: E501 long\n`, "out/report"],
  ] as const)("are no lines: %s is refused, with its place", async (format, text, place) => {
    rig.write("a.ts", "a();\n");
    const found = await outcome(reporting(format, text));
    expect(found).toMatchObject({ outcome: "failed", problems: [{ code: "EVIDENCE_UNREADABLE" }] });
    expect(found.problems[0]?.place).toContain(place);
  });

  test("are no times: the tests still count", async () => {
    const text = `<testsuite time="${MANY_DIGITS}"><testcase name="a" time="${MANY_DIGITS}"/><testcase name="b" time="1"/></testsuite>`;
    const { evidence } = await outcome(reporting("junit", text));
    expect(ofKind(evidence, "tests")).toMatchObject({ passedCount: 2, failedCount: 0, durationMs: 1000 });
  });
});
