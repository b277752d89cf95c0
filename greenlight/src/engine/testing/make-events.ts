import type { EventBody, PlannedStepHead, RunEvent, StepEnded } from "../event.ts";

const START_MS = Date.UTC(2026, 0, 1, 12, 0, 0);

/** Numbers events and dates them: `at` in milliseconds after the run's start. */
export class EventMaker {
  readonly runId: string;
  #sequence = 0;

  constructor(runId = "01run") {
    this.runId = runId;
  }

  at(ms: number): number {
    return START_MS + ms;
  }

  make(atMs: number, body: EventBody): RunEvent {
    this.#sequence += 1;
    return { runId: this.runId, sequence: this.#sequence, at: new Date(this.at(atMs)).toISOString(), ...body };
  }

  started(stages: Readonly<Record<string, readonly string[]>>): RunEvent {
    return this.make(0, {
      type: "run-started",
      project: "films",
      pipeline: "delivery",
      trigger: { kind: "manual", branch: "main", commit: null, isDirty: false, who: "ada" },
      selection: "branch",
      ...planOf(stages),
      greenlightVersion: "0.1.0",
      nodeVersion: "26.0.0",
      platform: "linux-x64",
      engine: { pid: 1, startTime: "boot:1" },
    });
  }

  resumed(atMs: number, stages: Readonly<Record<string, readonly string[]>>, again: readonly string[] = []): RunEvent {
    return this.make(atMs, {
      type: "run-resumed",
      mode: "resume",
      by: "ada",
      why: "asked",
      ...planOf(stages),
      again,
      greenlightVersion: "0.1.0",
      nodeVersion: "26.0.0",
      platform: "linux-x64",
      engine: { pid: 2, startTime: "boot:2" },
    });
  }

  stepStarted(atMs: number, step: string, attempt = 1): RunEvent {
    return this.make(atMs, {
      type: "step-started",
      step,
      why: "it has not passed here yet",
      attempt,
      deadlineAt: "2026-01-01T13:00:00Z",
    });
  }

  stepEnded(atMs: number, step: string, change: Partial<StepEnded> = {}): RunEvent {
    return this.make(atMs, {
      type: "step-ended",
      step,
      outcome: "passed",
      why: "ran: it has not passed here yet",
      isFromCache: false,
      isAlready: false,
      isAllowedFailure: false,
      attempts: 1,
      durationMs: 1000,
      savedMs: 0,
      problems: [],
      evidence: [],
      manifestDigest: null,
      outputs: {},
      facts: {},
      subject: null,
      logDigest: null,
      ...change,
    });
  }
}

function planOf(stages: Readonly<Record<string, readonly string[]>>): {
  readonly stages: readonly { readonly name: string; readonly steps: readonly PlannedStepHead[] }[];
  readonly finally: readonly PlannedStepHead[];
  readonly dropped: readonly [];
} {
  const { finally: last = [], ...others } = stages;
  return {
    stages: Object.entries(others).map(([name, names]) => ({ name, steps: heads(names) })),
    finally: heads(last),
    dropped: [],
  };
}

function heads(names: readonly string[]): PlannedStepHead[] {
  return names.map((name) => ({ name, kind: "task", needs: [], environment: null }));
}
