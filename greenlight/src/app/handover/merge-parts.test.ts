import fc from "fast-check";
import { expect, test } from "vitest";

import { viewRun } from "../../engine/run-view.ts";
import { mergeParts } from "./merge-parts.ts";
import { RESUMED, samplePart, STARTED, stepEnded } from "./testing/sample-part.ts";

const quality = samplePart("quality-0-1", [
  STARTED,
  stepEnded("a"),
  { type: "run-ended", outcome: "passed", durationMs: 1, pending: ["b"] },
]);
const unit22 = samplePart("unit-0-1", [RESUMED, stepEnded("b (22)")], {
  second: 20,
  first: 4,
  head: { after: ["quality-0-1"] },
});
const unit24 = samplePart("unit-1-1", [RESUMED, stepEnded("b (24)", "failed")], {
  second: 10,
  first: 4,
  head: { after: ["quality-0-1"] },
});
const last = samplePart("finally-0-1", [RESUMED, stepEnded("report")], {
  second: 30,
  first: 8,
  head: { after: ["quality-0-1", "unit-0-1", "unit-1-1"] },
});

test("parts stand behind those they went on from, and beside each other by time, numbered without gaps", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([quality, unit22, unit24, last], { minLength: 4 }), (parts) => {
      const merged = mergeParts(parts);
      if (!merged.ok) throw new Error(JSON.stringify(merged.error));
      expect(merged.value.map((event) => event.sequence)).toEqual(merged.value.map((_event, index) => index + 1));
      expect(merged.value.flatMap((event) => (event.type === "step-ended" ? [event.step] : []))).toEqual([
        "a",
        "b (24)",
        "b (22)",
        "report",
      ]);
    }),
  );
});

test("a part that arrives twice counts once; two that tell different things under one name are refused", () => {
  expect(mergeParts([quality, quality])).toEqual(mergeParts([quality]));
  expect(mergeParts([quality, samplePart("quality-0-1", [STARTED])])).toMatchObject({
    ok: false,
    error: [{ code: "HANDOVER_REFUSED" }],
  });
});

test("of parts that began the run beside each other the first begins it, and the others go on with it", () => {
  const lint = samplePart("lint-0-1", [STARTED, stepEnded("a", "failed")]);
  const types = samplePart("types-0-1", [STARTED, stepEnded("b")], { second: 5 });
  const merged = mergeParts([types, lint]);
  if (!merged.ok) throw new Error(JSON.stringify(merged.error));
  expect(merged.value.map((event) => event.type)).toEqual(["run-started", "step-ended", "run-resumed", "step-ended"]);
  expect(viewRun(merged.value)?.stages[0]?.steps[0]).toMatchObject({ name: "a", outcome: "failed" });
});

test.each([
  ["the part that another went on from", [unit22]],
  ["the part that began the run", [samplePart("lost", [RESUMED])]],
])("without %s nothing is assumed", (_name, parts) => {
  expect(mergeParts(parts)).toMatchObject({ ok: false, error: [{ code: "HANDOVER_INCOMPLETE" }] });
});

test("parts that went on from each other are refused", () => {
  const one = samplePart("one", [STARTED], { head: { after: ["two"] } });
  const two = samplePart("two", [RESUMED], { head: { after: ["one"] } });
  expect(mergeParts([one, two])).toMatchObject({ ok: false, error: [{ code: "HANDOVER_REFUSED" }] });
});

test("no parts make no run", () => {
  expect(mergeParts([])).toEqual({ ok: true, value: [] });
});
