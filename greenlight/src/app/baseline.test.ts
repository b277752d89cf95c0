import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { ProblemError } from "../base/problem.ts";
import type { Finding, FindingsEvidence } from "../evidence/evidence.ts";
import { defineProject } from "../pipeline/define.ts";
import { makeBlueprint } from "../pipeline/make-blueprint.ts";
import { sampleFindings } from "../report/testing/sample-evidence.ts";
import { sampleStep, sampleView } from "../report/testing/sample-step.ts";
import { compareBaseline, writeBaseline, type BaselineChange } from "./baseline.ts";

const BASELINE = "greenlight.baseline.json";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-baseline-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function place() {
  return { folder, configPath: join(folder, "greenlight.config.ts"), stateFolder: join(folder, ".greenlight") };
}

function finding(at: number, change: Partial<Finding> = {}): Finding {
  const fingerprint = String(at).padStart(32, "0");
  return {
    rule: "R",
    level: "error",
    message: `m${at}`,
    file: "a.py",
    line: at,
    outcome: "fail",
    fingerprint,
    ...change,
  };
}

function found(findings: readonly Finding[], change: Partial<FindingsEvidence> = {}): FindingsEvidence {
  return sampleFindings("lint", null, { findings, findingCount: findings.length, report: "out/lint.json", ...change });
}

async function compare(...evidence: readonly FindingsEvidence[]): Promise<BaselineChange> {
  const definition = defineProject({ name: "x", environments: {}, pipelines: {} });
  const made = makeBlueprint(definition, "greenlight.config.ts");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const step = sampleStep("check", { startMs: 0, durationMs: 5 }, { evidence });
  const view = sampleView([{ name: "quality", steps: [step] }]);
  return compareBaseline({ place: place(), blueprint: made.value, view, isReplaced: false });
}

async function write(isPruned: boolean, ...evidence: readonly FindingsEvidence[]): Promise<readonly string[]> {
  await writeBaseline(place(), await compare(...evidence), { isPruned });
  return [...readFileSync(join(folder, BASELINE), "utf8").matchAll(/"message": "(.+)"/gu)].map(
    ([, text]) => text ?? "",
  );
}

test("what is suppressed or passes by the policy needs no entry", async () => {
  const suppressed = finding(2, { suppression: { reason: "no fix yet" } });
  expect(await write(false, found([finding(1), suppressed, finding(3, { outcome: "pass" })]))).toEqual(["m1"]);
});

test("entries of a tool that lacked its data, or left no report, stay", async () => {
  await write(false, found([finding(1), finding(2)]));
  const inconclusive = { isInconclusive: true, why: "no data" };
  expect(await write(false, found([], inconclusive))).toEqual(["m1", "m2"]);
  expect(await write(false, sampleFindings("lint", null, inconclusive))).toEqual(["m1", "m2"]);
  const change = await compare(found([finding(3)], inconclusive));
  expect(change).toMatchObject({ unseenCount: 2, dropped: [], added: [{ message: "m3" }] });
});

test("pruning drops what is gone and adds nothing", async () => {
  await write(false, found([finding(1), finding(2)]));
  expect(await write(true, found([finding(2), finding(3)]))).toEqual(["m2"]);
  expect(await write(false, found([finding(2), finding(3)]))).toEqual(["m2", "m3"]);
});

test("a run of which the whole list lies elsewhere makes no baseline", async () => {
  const cut = found([finding(1)], { findingCount: 700 });
  await expect(compare(cut)).rejects.toThrow(ProblemError);
  await expect(compare(cut)).rejects.toThrow("BASELINE_INCOMPLETE: check: run");
});
