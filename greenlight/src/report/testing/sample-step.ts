import type { RunView, StepView } from "../../engine/run-view.ts";

const SAMPLE_START = Date.parse("2026-11-22T02:40:00.000Z");

/** The moment `ms` after the sample run's start, as ISO 8601. */
export function sampleTime(ms: number): string {
  return new Date(SAMPLE_START + ms).toISOString();
}

/** A step that passed, from `startMs` on for `durationMs`; `change` replaces what is different. */
export function sampleStep(
  name: string,
  time: { readonly startMs: number; readonly durationMs: number },
  change: Partial<StepView> = {},
): StepView {
  return {
    name,
    kind: "task",
    needs: [],
    environment: null,
    outcome: "passed",
    why: "ran: it has not passed here yet",
    isFromCache: false,
    isAlready: false,
    startedAt: sampleTime(time.startMs),
    endedAt: sampleTime(time.startMs + time.durationMs),
    durationMs: time.durationMs,
    savedMs: 0,
    problems: [],
    evidence: [],
    outputs: {},
    facts: {},
    isAllowedFailure: false,
    attempts: 1,
    retries: [],
    deadlineAt: null,
    manifestDigest: null,
    logDigest: null,
    ...change,
  };
}

/** A step that never began. */
export function sampleSkipped(name: string, why: string): StepView {
  return {
    ...sampleStep(name, { startMs: 0, durationMs: 0 }),
    outcome: "skipped",
    why,
    startedAt: null,
    endedAt: null,
  };
}

/** A run of `stages` that has ended; `change` replaces what is different. */
export function sampleView(stages: RunView["stages"], change: Partial<RunView> = {}): RunView {
  const ends = stages.flatMap((stage) => stage.steps.map((step) => Date.parse(step.endedAt ?? sampleTime(0))));
  const durationMs = Math.max(0, ...ends.map((end) => end - SAMPLE_START));
  return {
    id: "01kab3dqj0f8xw2m",
    project: "movies",
    pipeline: "delivery",
    trigger: {
      kind: "manual",
      branch: "main",
      commit: "1f2e3d4c5b6a79880716253443526170fedcba98",
      isDirty: false,
      who: "ada",
    },
    greenlightVersion: "0.1.0",
    nodeVersion: "26.10.0",
    platform: "linux-x64",
    engine: { pid: 4711, startTime: "183422" },
    startedAt: sampleTime(0),
    endedAt: sampleTime(durationMs),
    outcome: "passed",
    durationMs,
    stages,
    dropped: [],
    approvals: [],
    selection: "local",
    warnings: [],
    resumes: [],
    pending: [],
    ...change,
  };
}
