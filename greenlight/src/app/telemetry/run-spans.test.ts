import { describe, expect, test } from "vitest";

import { EventMaker } from "../../engine/testing/make-events.ts";
import { RunSpans, type SpanData } from "./run-spans.ts";
import { parseTraceparent } from "./traceparent.ts";

const STAGES = { test: ["unit", "whole"], deploy: ["production"] };
const NO_CALLER = { traceparent: undefined, url: null };

function named(spans: readonly SpanData[], name: string): SpanData {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name}`);
  return found;
}

/** A run whose first step is tried twice, whose second comes from the cache and whose third is skipped. */
function spansOfRun(options: ConstructorParameters<typeof RunSpans>[0], runId = "01run"): SpanData[] {
  const events = new EventMaker(runId);
  const spans = new RunSpans(options);
  return [
    events.started(STAGES),
    events.stepStarted(100, "unit"),
    events.make(2000, {
      type: "step-retrying",
      step: "unit",
      attempt: 1,
      outcome: "failed",
      why: "exited with 1",
      problems: [],
      delayMs: 500,
    }),
    events.stepEnded(2100, "whole", { isFromCache: true, durationMs: 50, savedMs: 9000, attempts: 0 }),
    events.stepStarted(2500, "unit", 2),
    events.stepEnded(4000, "unit", {
      outcome: "failed",
      why: "exited with 1",
      attempts: 2,
      problems: [{ code: "COMMAND_FAILED", place: "unit", message: "exited with 1", remedy: "read" }],
    }),
    events.stepEnded(4001, "production", { outcome: "skipped", durationMs: 0, attempts: 0 }),
    events.make(4100, { type: "run-ended", outcome: "failed", durationMs: 4100, pending: [] }),
  ].flatMap((event) => spans.apply(event));
}

describe("the spans of a run", () => {
  const spans = spansOfRun(NO_CALLER);

  test("are a tree of run, stages and steps with the times of their events", () => {
    const run = named(spans, "RUN delivery");
    const stage = named(spans, "stage test");
    const unit = named(spans, "unit");
    expect(run.parent).toBeNull();
    expect(stage.parent?.spanId).toBe(run.spanId);
    expect(unit.parent?.spanId).toBe(stage.spanId);
    expect(named(spans, "production").parent?.spanId).toBe(named(spans, "stage deploy").spanId);
    const names = spans.map((span) => span.name).join(", ");
    expect(names).toBe("whole, unit, stage test, production, stage deploy, RUN delivery");
    expect(unit.endMs - unit.startMs).toBe(3900);
    expect(stage.startMs).toBe(unit.startMs);
    expect(named(spans, "whole").endMs - named(spans, "whole").startMs).toBe(50);
    expect(run.endMs - run.startMs).toBe(4100);
    expect(new Set(spans.map((span) => span.spanId)).size).toBe(spans.length);
    for (const span of spans) expect(`${span.traceId}${span.spanId}`).toMatch(/^[0-9a-f]{48}$/u);
  });

  test("carry the attributes of the conventions for CI/CD", () => {
    expect(named(spans, "RUN delivery")).toMatchObject({
      kind: "server",
      error: "the run failed",
      attributes: {
        "cicd.pipeline.action.name": "RUN",
        "cicd.pipeline.result": "failure",
        "error.type": "failed",
        "vcs.ref.head.name": "main",
      },
    });
    expect(named(spans, "unit")).toMatchObject({
      kind: "internal",
      error: "exited with 1",
      attributes: {
        "cicd.pipeline.task.name": "unit",
        "cicd.pipeline.task.run.id": "01run/2",
        "cicd.pipeline.task.run.result": "failure",
        "error.type": "COMMAND_FAILED",
      },
    });
    expect(named(spans, "whole").attributes).toMatchObject({
      "cicd.pipeline.task.run.result": "success",
      "greenlight.is_from_cache": true,
    });
    expect(named(spans, "production").attributes).toMatchObject({ "cicd.pipeline.task.run.result": "skip" });
    expect(named(spans, "stage deploy").error).toBeNull();
  });

  test("tell attempts as events of their step", () => {
    expect(named(spans, "unit").events.map((event) => event.name)).toEqual(["attempt", "retry", "attempt"]);
  });

  test("have the same ids each time, and others for another run", () => {
    expect(spansOfRun(NO_CALLER)).toEqual(spans);
    expect(spansOfRun(NO_CALLER, "01other")[0]?.traceId).not.toBe(spans[0]?.traceId);
  });

  test("belong to the trace of the caller that TRACEPARENT names", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const called = spansOfRun({ traceparent, url: "https://ci.example/1" });
    expect(new Set(called.map((span) => span.traceId))).toEqual(new Set(["0af7651916cd43dd8448eb211c80319c"]));
    expect(named(called, "RUN delivery").parent).toMatchObject({ spanId: "b7ad6b7169203331", isRemote: true });
    expect(named(called, "unit").attributes["cicd.pipeline.task.run.url.full"]).toBe("https://ci.example/1");
  });
});

test("a resumed run, in another process, joins the trace as a part that points to the first", () => {
  const events = new EventMaker();
  const started = events.started(STAGES);
  const whole = new RunSpans(NO_CALLER);
  whole.apply(started);
  const first = [events.make(5, { type: "run-ended", outcome: "failed", durationMs: 5, pending: [] })].flatMap(
    (event) => whole.apply(event),
  );
  const later = new RunSpans(NO_CALLER);
  later.recall(started);
  const second = [
    events.resumed(60_000, STAGES),
    events.stepStarted(60_100, "unit"),
    events.stepEnded(61_000, "unit"),
    events.make(62_000, { type: "run-ended", outcome: "passed", durationMs: 62_000, pending: [] }),
  ].flatMap((event) => later.apply(event));
  const [run] = first;
  const part = named(second, "RUN delivery");
  expect(part.traceId).toBe(run?.traceId);
  expect(part.spanId).not.toBe(run?.spanId);
  expect(part.links).toEqual([{ traceId: run?.traceId, spanId: run?.spanId }]);
  expect(part.endMs - part.startMs).toBe(2000);
  expect(part.attributes["greenlight.run.mode"]).toBe("resume");
  // The stage's other step was done before: the stage ends with the part.
  expect(named(second, "stage test").parent?.spanId).toBe(part.spanId);
});

test("every outcome has a result of the conventions, and a time-out its own", () => {
  const results = (["warned", "errored", "cancelled", "waiting"] as const).map((outcome) => {
    const events = new EventMaker();
    const spans = new RunSpans(NO_CALLER);
    spans.apply(events.started({ one: ["a"] }));
    return spans.apply(events.stepEnded(1, "a", { outcome }))[0]?.attributes["cicd.pipeline.task.run.result"];
  });
  expect(results).toEqual(["success", "error", "cancellation", "waiting"]);
  const events = new EventMaker();
  const spans = new RunSpans(NO_CALLER);
  spans.apply(events.started({ one: ["a"] }));
  const problems = [{ code: "STEP_TIMEOUT", place: "a", message: "", remedy: "" }] as const;
  const [span] = spans.apply(events.stepEnded(1, "a", { outcome: "failed", problems }));
  expect(span?.attributes["cicd.pipeline.task.run.result"]).toBe("timeout");
});

test.each([
  undefined,
  "",
  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
  "00-00000000000000000000000000000000-b7ad6b7169203331-01",
  "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
  "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
])("a TRACEPARENT that is none (%s) is passed over", (value) => {
  expect(parseTraceparent(value)).toBeNull();
});
