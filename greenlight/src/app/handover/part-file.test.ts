import { expect, test } from "vitest";

import { digestText } from "../../base/file-digest.ts";
import type { Evidence } from "../../evidence/evidence.ts";
import { sampleDeployment } from "../../report/testing/sample-deployment.ts";
import * as samples from "../../report/testing/sample-evidence.ts";
import { MODEL } from "../../report/testing/sample-model.ts";
import { evidenceSchema } from "./evidence-schema.ts";
import { formatPart, parsePart, type RunPart } from "./part-file.ts";
import { partWithOutput, RESUMED, samplePart, STARTED, stepEnded } from "./testing/sample-part.ts";

test("a part is read as it was written", () => {
  for (const part of [partWithOutput("a".repeat(64)), samplePart("empty", [])]) {
    expect(parsePart(formatPart(part))).toEqual({ ok: true, value: part });
  }
});

test("every kind of event is read as it was written", () => {
  const problem = { code: "COMMAND_FAILED" as const, place: "a", message: "exited with 1", remedy: "mend it" };
  const part = samplePart("all", [
    STARTED,
    { type: "step-started", step: "a", why: "first run", attempt: 1, deadlineAt: "2026-01-01T12:10:00.000Z" },
    { type: "step-retrying", step: "a", attempt: 1, outcome: "errored", why: "x", problems: [problem], delayMs: 10 },
    { type: "approval-wanted", step: "a", environment: "production", releaseId: "r", digest: "d" },
    {
      type: "approval-answered",
      step: "a",
      environment: "production",
      digest: "d",
      isGranted: true,
      by: "kim",
      how: "terminal",
      why: "",
    },
    stepEnded("a", "failed", {
      problems: [problem],
      evidence: EVIDENCE,
      facts: { url: "http://x", ports: [1, { a: null }] },
    }),
    { type: "run-warned", problem },
    { type: "cancel-requested", by: "kim", why: "no" },
    { type: "run-ended", outcome: "failed", durationMs: 5, pending: ["b"] },
    RESUMED,
  ]);
  expect(parsePart(formatPart(part))).toEqual({ ok: true, value: part });
});

const EVIDENCE: readonly Evidence[] = [
  samples.sampleFindings("oxlint", 1),
  samples.UNIT_TESTS,
  samples.COVERAGE,
  samples.VALIDATION,
  MODEL,
  samples.GATE,
  samples.RELEASE_PARTS,
  sampleDeployment("production", { startMs: 0, approvalMs: 5 }),
  samples.sampleSmoke("production"),
  samples.sampleBenchmark("production", 2, samples.COMPARISON),
  samples.HEALTH,
];

test("every kind of evidence has its form", () => {
  expect(EVIDENCE.map((each) => each.kind).toSorted()).toEqual(
    evidenceSchema.options.map((each) => each.shape.kind.value).toSorted(),
  );
  for (const each of EVIDENCE) expect(evidenceSchema.parse(each)).toEqual(each);
});

/** A part's text with something changed in its body, and a digest that fits. */
function altered(part: RunPart, change: (text: string) => string): string {
  const sound = parsePart(formatPart(part));
  if (!sound.ok) throw new Error(sound.error);
  const text = formatPart(part);
  const body = change(text.slice(text.indexOf("\n") + 1));
  const own = formatPart(part).split("\n")[0] ?? "";
  const head = JSON.parse(own) as Record<string, unknown>;
  return `${JSON.stringify({ ...head, digest: digestText(body) })}\n${body}`;
}

test.each([
  ["cut in the middle", (text: string) => text.slice(0, -40)],
  ["cut after its first line", (text: string) => text.slice(0, text.indexOf("\n") + 1)],
  ["without its end of line", (text: string) => text.slice(0, text.indexOf("\n"))],
  ["with one letter changed", (text: string) => text.replace("passed", "failed")],
  ["empty", () => ""],
  ["no part at all", () => "PK\u0003\u0004\n"],
])("a part that is %s is torn", (_name, change) => {
  const read = parsePart(change(formatPart(partWithOutput("a".repeat(64)))));
  expect(read).toMatchObject({ ok: false, error: expect.stringContaining("torn") });
});

test.each([
  ["leads out of the project", '"path":"out/text"', '"path":"../text"', "unknown form"],
  ["is absolute", '"path":"out/text"', '"path":"/etc/passwd"', "unknown form"],
  ["has an outcome that nobody knows", '"outcome":"passed"', '"outcome":"great"', "no event"],
  ["belongs to another run", '"runId":"ci-1"', '"runId":"ci-2"', "no event"],
  ["skips an event", '"sequence":2', '"sequence":3', "missing"],
  ["has a manifest that was changed", '"runtime":"26.10.0"', '"runtime":"26.10.1"', "another digest"],
])("a part that %s is refused, whoever signed it", (_name, from, to, message) => {
  const text = altered(partWithOutput("a".repeat(64)), (body) => body.replace(from, to));
  expect(parsePart(text)).toMatchObject({ ok: false, error: expect.stringContaining(message) });
});

test("evidence of an unknown form is refused", () => {
  const part = samplePart("p", [STARTED, stepEnded("a", "passed", { evidence: [samples.UNIT_TESTS] })]);
  const text = altered(part, (body) => body.replace('"passedCount":', '"passedCoumt":'));
  expect(parsePart(text).ok).toBe(false);
});
