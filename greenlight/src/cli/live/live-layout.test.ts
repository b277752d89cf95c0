import { describe, expect, test } from "vitest";

import { EventMaker } from "../../engine/testing/make-events.ts";
import { layOut } from "./live-layout.ts";
import { renderLine } from "./live-line.ts";
import { LiveModel } from "./live-model.ts";
import { ScreenPainter } from "./screen-painter.ts";
import { TerminalScreen } from "./testing/terminal-screen.ts";

const STAGES = {
  quality: ["format", "lint"],
  test: ["unit tests", "통합 시험"],
  build: ["train", "bundle"],
  deploy: ["staging", "production"],
};
const TAILS: Readonly<Record<string, readonly string[]>> = {
  "unit tests": ["✓ films.test.ts (12 tests)", "✓ model.test.ts (8 tests)"],
  "통합 시험": ["수집한 영화 3,201편을 정리하고 있습니다"],
};

function underWay(): { readonly model: LiveModel; readonly events: EventMaker } {
  const events = new EventMaker();
  const model = new LiveModel();
  model.apply(events.started(STAGES));
  model.apply(events.stepEnded(10, "format", { isFromCache: true, savedMs: 2500, durationMs: 3 }));
  model.apply(events.stepStarted(20, "lint"));
  model.apply(events.stepEnded(2200, "lint"));
  model.apply(events.stepStarted(2300, "unit tests"));
  model.apply(events.stepStarted(2300, "통합 시험"));
  return { model, events };
}

/** What a terminal of that size shows. */
function shown(model: LiveModel, at: { columns: number; rows: number; nowMs: number }): readonly string[] {
  const screen = new TerminalScreen(at.columns, at.rows);
  const lines = layOut(model.state, { ...at, tail: (step) => TAILS[step] ?? [] });
  screen.write(new ScreenPainter().paint(lines, [], at.columns));
  expect(lines.length).toBeLessThan(at.rows);
  return screen.lines;
}

describe("the live view of a run", () => {
  test("in 80 x 24: stages done, under way and to come, with times, counts and the last output", () => {
    const { model, events } = underWay();
    expect(shown(model, { columns: 80, rows: 24, nowMs: events.at(9400) })).toEqual([
      "✔ quality            2.2 s  1 ran, 1 cached (saved 2.5 s)",
      "▾ test                 7 s  0 of 2",
      "  ▸ unit tests         7 s",
      "      │ ✓ films.test.ts (12 tests)",
      "      │ ✓ model.test.ts (8 tests)",
      "  ▸ 통합 시험          7 s",
      "      │ 수집한 영화 3,201편을 정리하고 있습니다",
      "· build                     2 steps",
      "· deploy                    2 steps",
      "━━━━━━━━━━━━━━━━━━━━  2 of 8  9 s  2.5 s saved by the cache",
    ]);
  });

  test("in 40 x 10: stages are joined, output goes first, and nothing is wider than the window", () => {
    const { model, events } = underWay();
    expect(shown(model, { columns: 40, rows: 10, nowMs: events.at(9400) })).toEqual([
      "✔ quality            2.2 s  1 ran, 1 c…",
      "▾ test                 7 s  0 of 2",
      "  ▸ unit tests         7 s",
      "      │ ✓ films.test.ts (12 tests)",
      "      │ ✓ model.test.ts (8 tests)",
      "  ▸ 통합 시험          7 s",
      "      │ 수집한 영화 3,201편을 정리하고…",
      "· build, deploy",
      "━━━━━━━━━━━━━━━━━━━━  2 of 8  9 s  2.5…",
    ]);
    expect(shown(model, { columns: 40, rows: 6, nowMs: events.at(9400) })).toEqual([
      "✔ quality            2.2 s  1 ran, 1 c…",
      "▾ test                 7 s  0 of 2",
      "    + 2 more at work",
      "· build, deploy",
      "━━━━━━━━━━━━━━━━━━━━  2 of 8  9 s  2.5…",
    ]);
  });

  test("fits whatever the window's size is, also when a thousand steps run", () => {
    const names = Array.from({ length: 1000 }, (_, index) => `step ${index}`);
    const events = new EventMaker();
    const model = new LiveModel();
    model.apply(events.started({ many: names, ...STAGES }));
    for (const name of names) model.apply(events.stepStarted(1, name));
    for (let rows = 2; rows < 40; rows += 1) {
      const lines = shown(model, { columns: 60, rows, nowMs: events.at(1000) });
      expect(lines.at(-1)).toContain("0 of 1008");
      if (rows >= 5) expect(lines.join("\n")).toMatch(/\+ \d+ more at work/u);
    }
  });

  test("a step that is tried again says which attempt comes when, and one that waits for whom", () => {
    const { model, events } = underWay();
    model.apply(
      events.make(5000, {
        type: "step-retrying",
        step: "unit tests",
        attempt: 1,
        outcome: "failed",
        why: "exited with 1",
        problems: [],
        delayMs: 4000,
        attemptLimit: 3,
      }),
    );
    model.apply(
      events.make(5000, {
        type: "approval-wanted",
        step: "통합 시험",
        environment: "production",
        releaseId: "films-1",
        digest: "ab",
      }),
    );
    const lines = shown(model, { columns: 80, rows: 24, nowMs: events.at(5100) });
    expect(lines).toContain("  ↻ unit tests         2 s  attempt 2 of 3 in 4 s  exited with 1");
    expect(lines).toContain("  ? 통합 시험          2 s  waits for an approval of films-1 for production");
    model.apply(events.stepStarted(9000, "unit tests", 2));
    expect(shown(model, { columns: 80, rows: 24, nowMs: events.at(9100) })).toContain(
      "  ▸ unit tests         6 s  attempt 2",
    );
  });

  test("failures, allowed ones, skipped steps and a cancel are told by their stage", () => {
    const { model, events } = underWay();
    model.apply(events.stepEnded(3000, "unit tests", { outcome: "failed" }));
    model.apply(events.stepEnded(3300, "통합 시험", { outcome: "warned", isAllowedFailure: true }));
    model.apply(events.stepEnded(3300, "train", { outcome: "skipped" }));
    model.apply(events.stepEnded(3300, "bundle", { outcome: "skipped" }));
    model.apply(events.make(3400, { type: "cancel-requested", by: "ada", why: "enough" }));
    const lines = shown(model, { columns: 80, rows: 24, nowMs: events.at(4000) });
    expect(lines).toContain("✖ test               1.0 s  1 failed, 1 warned");
    expect(lines).toContain("– build                     2 skipped");
    expect(lines.at(-1)).toContain("cancelling …");
  });

  test("a run that goes on counts what had passed before, and what has to run again as open", () => {
    const { model, events } = underWay();
    model.apply(events.stepEnded(3000, "unit tests"));
    model.apply(events.resumed(60_000, STAGES, ["lint"]));
    expect(model.state).toMatchObject({ endedCount: 2, stepCount: 8 });
    model.apply(events.stepEnded(61_000, "lint"));
    expect(shown(model, { columns: 80, rows: 24, nowMs: events.at(62_000) })[0]).toBe(
      "✔ quality            1.0 s  1 ran, 1 already so",
    );
  });

  test("names with control characters or without end neither rewrite the screen nor widen it", () => {
    const events = new EventMaker();
    const model = new LiveModel();
    const evil = `\u001b[2Jx${"y".repeat(90)}`;
    model.apply(events.started({ one: [evil] }));
    model.apply(events.stepStarted(1, evil));
    const lines = shown(model, { columns: 50, rows: 10, nowMs: events.at(1000) });
    expect(lines[1]).toMatch(/^ {2}▸ xy+… +0 s$/u);
  });
});

test("ten thousand steps cost the model little, and a frame not more than a few", () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `step ${index}`);
  const events = new EventMaker();
  const model = new LiveModel();
  const startedAt = performance.now();
  model.apply(events.started({ all: names }));
  for (const [index, name] of names.entries()) {
    model.apply(events.stepStarted(index, name));
    if (index >= 2) model.apply(events.stepEnded(index, names[index - 2] ?? ""));
  }
  for (let frame = 0; frame < 100; frame += 1) {
    const lines = layOut(model.state, { columns: 80, rows: 24, nowMs: events.at(frame), tail: () => ["x"] });
    for (const line of lines) renderLine(line, 79);
  }
  expect(model.state.active.size).toBe(2);
  expect(performance.now() - startedAt).toBeLessThan(1500);
});
