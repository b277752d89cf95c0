import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { writeFindings } from "../../app/write-findings.ts";
import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system-clock.ts";
import { entryOf, formatBaseline } from "../../evidence/baseline.ts";
import type { FindingsEvidence } from "../../evidence/evidence.ts";
import { Masker } from "../../masking/masker.ts";
import { step } from "../../pipeline/define.ts";
import type { EvidenceSource, StepDefinition } from "../../pipeline/definition.ts";
import type { QualityPolicy } from "../../pipeline/quality-definition.ts";
import { Rig, type RigRun } from "../testing/rig.ts";
import { findingListPath, readFindingList } from "./finding-list.ts";

const DAY_MS = 86_400_000;
const REPORT = "out/lint.sarif";
const SOURCE: EvidenceSource = { format: "sarif", path: REPORT, tool: "lint" };

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(() => {
  rig.dispose();
});

/** What the tool will report: its log lies beside the sources and is its input. */
function report(results: readonly object[], run: object = {}): void {
  const log = { version: "2.1.0", runs: [{ tool: { driver: { name: "lint" } }, ...run, results }] };
  rig.write("report.json", JSON.stringify(log));
}

function result(rule: string, place: { readonly file?: string; readonly line?: number; readonly level?: string } = {}) {
  const { file = "src/a.ts", line = 1, level = "error" } = place;
  const physicalLocation = { artifactLocation: { uri: file }, region: { startLine: line } };
  return { ruleId: rule, level, message: { text: `${rule} found` }, locations: [{ physicalLocation }] };
}

/** A tool that leaves a note in `ran` each time it is started. */
function lint(change: Partial<StepDefinition> = {}): StepDefinition {
  const run = `mkdir -p out && echo x >> ran && cp report.json ${REPORT}`;
  return { ...step("lint", { run, inputs: ["report.json", "src/**"], evidence: [SOURCE] }), ...change };
}

async function runLint(
  quality?: QualityPolicy,
  options: Parameters<Rig["run"]>[1] = {},
  made = lint(),
): Promise<RigRun> {
  return rig.run({ quality: [made] }, { ...options, ...(quality === undefined ? {} : { quality }) });
}

function clockAt(iso: string): Clock {
  return { ...systemClock, now: () => Date.parse(iso) };
}

function runs(): number {
  return rig.read("ran").trim().split("\n").length;
}

function findings(run: RigRun): FindingsEvidence {
  const [evidence] = run.step("lint").evidence;
  if (evidence?.kind !== "findings") throw new Error("no findings");
  return evidence;
}

function baselineOf(run: RigRun): string {
  const entries = findings(run).findings.flatMap((each) => entryOf(each, { tool: "lint", report: REPORT }) ?? []);
  return formatBaseline(entries);
}

describe("without running the tool again", () => {
  test("another policy gives another outcome, of kept warnings as of kept failures", async () => {
    rig.write("src/a.ts", "const a = 1;\n");
    report([result("A", { level: "warning" })]);
    const first = await runLint();
    expect(first.step("lint")).toMatchObject({ outcome: "warned", isFromCache: false });
    const strict: QualityPolicy = { rules: [{ rule: "A", outcome: "fail" }] };
    const failed = await runLint(strict);
    expect(failed.step("lint")).toMatchObject({ outcome: "failed", isFromCache: true });
    expect(failed.step("lint").problems[0]).toMatchObject({ code: "FINDINGS_REPORTED", place: "src/a.ts:1" });
    expect(failed.step("lint").why).toContain("its report of the same inputs is kept");
    const mild = await runLint({ rules: [{ rule: "*", outcome: "pass" }] });
    expect(mild.step("lint")).toMatchObject({ outcome: "passed", isFromCache: true });
    expect(runs()).toBe(1);
  });

  test("a baseline makes an old project pass, and a new finding fail", async () => {
    rig.write("src/a.ts", "old();\nold();\n");
    report([result("A"), result("A", { line: 2 })]);
    const first = await runLint();
    expect(first.view.outcome).toBe("failed");
    rig.write("greenlight.baseline.json", baselineOf(first));
    const known = await runLint();
    expect(known.step("lint")).toMatchObject({ outcome: "passed", isFromCache: true });
    expect(known.step("lint").why).toContain("no new finding, 2 known");
    expect(runs()).toBe(1);
    // The old ones moved down, and another one came.
    rig.write("src/a.ts", "fresh();\n\nold();\nold();\n");
    report([result("A", { line: 3 }), result("A", { line: 4 }), result("A", { line: 1 })]);
    const next = await runLint();
    expect(next.step("lint").outcome).toBe("failed");
    expect(findings(next).findings.map(({ line, isNew }) => [line, isNew])).toEqual([
      [1, true],
      [3, false],
      [4, false],
    ]);
  });

  test("a damaged baseline is told with its place, and neither all nor nothing is new", async () => {
    report([result("A")]);
    rig.write("greenlight.baseline.json", '{"schema": 1, "findings": [{"tool": 1}]}');
    const fresh = await runLint();
    expect(fresh.step("lint")).toMatchObject({ outcome: "failed" });
    expect(fresh.step("lint").problems).toMatchObject([
      { code: "BASELINE_UNREADABLE", place: "greenlight.baseline.json, findings.0" },
    ]);
    rmSync(join(rig.folder, "greenlight.baseline.json"));
    mkdirSync(join(rig.folder, "greenlight.baseline.json"));
    const folder = await runLint();
    expect(folder.step("lint").problems).toMatchObject([{ code: "BASELINE_UNREADABLE" }]);
  });

  test("a suppression ends on its day, by the run's clock", async () => {
    report([result("A")]);
    const quality: QualityPolicy = { suppressions: [{ rule: "A", reason: "for now", expires: "2027-01-31" }] };
    const before = await runLint(quality, { clock: clockAt("2027-01-31T23:59:59Z") });
    expect(before.step("lint").outcome).toBe("passed");
    const after = await runLint(quality, { clock: clockAt("2027-02-01T00:00:00Z") });
    expect(after.step("lint")).toMatchObject({ outcome: "failed", isFromCache: true });
    expect(after.step("lint").why).toContain("1 whose suppression expired");
  });

  test("`retry` runs the tool that failed, although its report is kept", async () => {
    report([result("A")]);
    await runLint(undefined, { runId: "r" });
    const again = await runLint(undefined, { runId: "r", resume: { mode: "retry", by: "kim", why: "", again: [] } });
    expect(again.step("lint")).toMatchObject({ outcome: "failed", isFromCache: false });
    expect(runs()).toBe(2);
  });
});

describe("a kept result", () => {
  test("is not taken once it is older than it holds, and the reason is told", async () => {
    report([]);
    const made = lint({ validForMs: DAY_MS });
    let now = Date.parse("2027-01-31T00:00:00Z");
    const clock: Clock = { ...systemClock, now: () => now };
    await runLint(undefined, { clock }, made);
    now += DAY_MS;
    expect((await runLint(undefined, { clock }, made)).step("lint").isFromCache).toBe(true);
    now += 1;
    const late = await runLint(undefined, { clock }, made);
    expect(late.step("lint").isFromCache).toBe(false);
    expect(late.step("lint").why).toContain("its kept result is 24 h old, and holds for 24 h");
    now += DAY_MS / 2;
    expect((await runLint(undefined, { clock }, made)).step("lint").isFromCache).toBe(true);
    // A clock that was set back must not make an entry hold for ever.
    now -= 10 * DAY_MS;
    expect((await runLint(undefined, { clock }, made)).step("lint").why).toContain("from the future");
    expect(runs()).toBe(3);
  });
});

describe("of what a tool reports", () => {
  test("paths are those of the project, when it ran in a folder of its own", async () => {
    rig.write("services/api/src/a.ts", "const a = 1;\n");
    report([result("A"), result("B", { file: "../lib/b.ts" }), result("C", { file: `${rig.folder}/services/c.ts` })]);
    const evidence = [{ ...SOURCE, folder: "services/api" }];
    const run = await runLint(undefined, {}, lint({ evidence }));
    expect(findings(run).findings.map(({ file, snippet }) => [file, snippet])).toEqual([
      ["services/api/src/a.ts", "const a = 1;"],
      ["services/lib/b.ts", undefined],
      ["services/c.ts", undefined],
    ]);
  });

  test("all findings are kept beside the record, which holds the worst", async () => {
    const many = Array.from({ length: 1500 }, (_each, at) => result(`R${at % 3}`, { line: at + 1, level: "warning" }));
    report([...many, result("worst")]);
    const run = await runLint();
    expect(findings(run)).toMatchObject({ findingCount: 1501, levels: { error: 1, warning: 1500, note: 0 } });
    expect(findings(run).findings).toHaveLength(500);
    expect(findings(run).findings[0]?.rule).toBe("worst");
    const list = findingListPath(join(rig.folder, ".greenlight"), run.view.id, { step: "lint", report: REPORT });
    const all = [...readFindingList(list)];
    expect(all).toHaveLength(1501);
    expect(new Set(all.map((each) => each.fingerprint)).size).toBe(1501);
  });

  test("a report of many megabytes is read piece by piece, to the same end", async () => {
    rig.write("services/api/src/a.ts", "const a = 1;\n");
    report([result("A"), result("B", { file: "../b.ts", level: "note" })]);
    const text = rig.read("report.json");
    const evidence = [{ ...SOURCE, folder: "services/api" }];
    const small = await runLint(undefined, {}, lint({ evidence }));
    rig.write("report.json", text.replace('"runs":[', `"runs":[${" ".repeat(8.5 * 1024 * 1024)}`));
    const large = await runLint(undefined, {}, lint({ evidence }));
    expect(large.step("lint").isFromCache).toBe(false);
    expect(findings(large)).toEqual(findings(small));
  });

  test("no line is shown of a file that a link leads to outside of the repository", async () => {
    const outside = new Rig();
    try {
      outside.write("secret.txt", "not yours\n");
      mkdirSync(join(rig.folder, "src"));
      symlinkSync(join(outside.folder, "secret.txt"), join(rig.folder, "src/a.ts"));
      report([result("A"), result("B", { file: join(outside.folder, "secret.txt") }), result("C", { file: "src" })]);
      const run = await runLint(undefined, {}, lint({ inputs: ["report.json"] }));
      expect(findings(run).findings).toHaveLength(3);
      expect(JSON.stringify(run.events)).not.toContain("not yours");
    } finally {
      outside.dispose();
    }
  });

  test("a secret in a line of source is in nothing that is kept, and does not change the fingerprint", async () => {
    const secret = "s3cret-value-of-this-project";
    rig.write("src/a.ts", `login("${secret}");\n`.repeat(700));
    report(Array.from({ length: 700 }, (_each, line) => result("A", { line: line + 1 })));
    const open = await runLint(undefined, {}, lint({ inputs: ["report.json"] }));
    const masking = new Masker([{ name: "TOKEN", value: secret }]);
    const secrets = new Map([["TOKEN", secret]]);
    const masked = await runLint(undefined, { masking, secrets, runId: "masked" }, lint({ inputs: ["report.json"] }));
    expect(findings(masked).findings[0]?.snippet).toBe('login("***");');
    expect(findings(masked).findings[0]?.fingerprint).toBe(findings(open).findings[0]?.fingerprint);
    await writeFindings(join(rig.folder, ".greenlight"), masked.view);
    const kept = readdirSync(join(rig.folder, ".greenlight"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.includes("masked"))
      .filter((path) => statSync(join(rig.folder, ".greenlight", path)).isFile());
    expect(kept.length).toBeGreaterThan(1);
    for (const path of kept) expect(rig.read(join(".greenlight", path))).not.toContain(secret);
  });

  test("text in UTF-16 and bytes that are no text are read as far as they go", async () => {
    const run = `mkdir -p out && node -e "
      const text = require('fs').readFileSync('report.json', 'utf8');
      require('fs').writeFileSync('${REPORT}', Buffer.from('\\ufeff' + text, 'utf16le'))"`;
    report([result("A")]);
    const wide = await runLint(undefined, {}, lint({ action: { kind: "command", command: run } }));
    expect(findings(wide).findings[0]?.rule).toBe("A");
  });
});

test("a report that names a secret's line makes nobody quote it, not for another finding on that line either", async () => {
  rig.write("src/a.ts", "const fine = 1;\nconst key = 'kept-to-itself-77';\n");
  const check = { ID: "X-1", Title: "a check", Severity: "HIGH", Status: "FAIL" };
  const results = [
    { Target: "src/a.ts", Secrets: [{ RuleID: "a-key", Severity: "HIGH", Title: "a key", StartLine: 2, EndLine: 2 }] },
    { Target: "src/a.ts", Misconfigurations: [1, 2].map((line) => ({ ...check, CauseMetadata: { StartLine: line } })) },
  ];
  rig.write("report.json", JSON.stringify({ SchemaVersion: 2, Results: results }));
  const path = "out/trivy.json";
  const source: EvidenceSource = { format: "trivy-json", path, tool: "trivy fs" };
  const made = step("lint", { run: `mkdir -p out && cp report.json ${path}`, evidence: [source] });
  const run = await runLint(undefined, {}, made);
  const found = findings(run);
  expect(found.findings.map(({ rule, line, snippet }) => [rule, line, snippet])).toEqual([
    ["a-key", 2, undefined],
    ["X-1", 1, "const fine = 1;"],
    ["X-1", 2, undefined],
  ]);
  expect(JSON.stringify(run.events)).not.toContain("kept-to-itself");
});
