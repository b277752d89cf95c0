import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakeCodeScanning } from "../../adapters/codehosts/github/testing/fake-code-scanning.ts";
import type { EffectContext, RecalledEffect } from "../../engine/steps/effect.ts";
import { failedRun } from "../../report/testing/sample-run.ts";
import { effectContext } from "../probing/testing/effect-context.ts";
import { uploadFindings } from "./upload-findings.ts";

const TOKEN = "ghs_0123456789";
const COMMIT = "c".repeat(40);
let fake: FakeCodeScanning;

beforeEach(async () => {
  fake = await FakeCodeScanning.start(TOKEN);
  vi.stubEnv("GITHUB_API_URL", fake.url);
  vi.stubEnv("GITHUB_TOKEN", TOKEN);
  vi.stubEnv("GITHUB_REPOSITORY", "shop/films");
  vi.stubEnv("GITHUB_ACTIONS", "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.close();
});

function contextOf(change: Partial<EffectContext> = {}): EffectContext {
  const context = effectContext();
  const module = join(import.meta.dirname, "../../adapters/codehosts/github/index.ts");
  return {
    ...context,
    run: { ...context.run, trigger: { kind: "push", branch: "main", commit: COMMIT, isDirty: false, who: "ada" } },
    codeHost: { kind: "github", module, options: {} },
    view: failedRun,
    ...change,
  };
}

test("the run's findings are uploaded for its commit, once", async () => {
  const first = await uploadFindings(null, contextOf());
  expect(first).toMatchObject({ outcome: "passed", isAlready: false, facts: { uploadId: "sarif-1", count: 3 } });
  expect(fake.taken).toMatchObject([{ commit: COMMIT, ref: "refs/heads/main" }]);
  const known: RecalledEffect = { runId: "r", at: "2026-01-01T00:00:00Z", evidence: [], facts: first.facts };
  const asked: string[] = [];
  const recall = (subject: string): Promise<RecalledEffect | null> => {
    asked.push(subject);
    return Promise.resolve(known);
  };
  expect(await uploadFindings(null, contextOf({ recall }))).toMatchObject({ outcome: "passed", isAlready: true });
  expect(asked).toEqual([first.subject]);
  expect(fake.taken).toHaveLength(1);
});

test("the log that the report wrote is uploaded in full, and what stands nowhere stands at the definition", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "upload-"));
  const path = join(folder.path, "findings.sarif");
  const results = [{ level: "error", message: { text: "x" } }];
  await writeFile(path, JSON.stringify({ version: "2.1.0", runs: [{ tool: { driver: { name: "audit" } }, results }] }));
  const needs = { report: { step: "report", outputs: {}, facts: { sarif: path }, evidence: [] } };
  expect(await uploadFindings(null, contextOf({ needs }))).toMatchObject({ outcome: "passed", facts: { count: 1 } });
  expect(fake.taken[0]?.log.runs[0]?.results[0]).toMatchObject({
    locations: [{ physicalLocation: { artifactLocation: { uri: "greenlight.config.ts" } } }],
  });
});

test("a host that does not take them is a warning with a remedy; one that stumbles is asked again", async () => {
  fake.refusals.push({ status: 403, message: "Code scanning is not enabled" });
  const refused = await uploadFindings(null, contextOf());
  expect(refused).toMatchObject({
    outcome: "warned",
    problems: [{ code: "FINDINGS_NOT_UPLOADED", remedy: expect.stringContaining("security-events: write") }],
  });
  fake.refusals.push({ status: 502, message: "no" });
  expect(await uploadFindings(null, contextOf())).toMatchObject({ outcome: "passed" });
});

test("where there is nobody to tell, the reason is said", async () => {
  expect(await uploadFindings(null, contextOf({ codeHost: null }))).toMatchObject({ outcome: "warned" });
  vi.stubEnv("GITHUB_TOKEN", "");
  expect(await uploadFindings(null, contextOf())).toMatchObject({
    outcome: "passed",
    why: "nobody to tell: GITHUB_TOKEN is not set",
  });
});
