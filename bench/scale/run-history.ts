import { join } from "node:path";

import { RunDatabase } from "../../greenlight/src/adapters/stores/sqlite/run-database.ts";
import type { EventBody, PlannedStepHead, RunEvent } from "../../greenlight/src/engine/event.ts";

const STEPS = ["format", "lint", "test", "build", "deploy"];
const DAY_MS = 86_400_000;

/** Fills a project's store with `count` runs of five steps, an hour apart, every tenth of them failed. */
export async function writeHistory(stateFolder: string, count: number): Promise<void> {
  const database = new RunDatabase(join(stateFolder, "runs.sqlite"));
  const firstAt = Date.now() - DAY_MS - count * 3_600_000;
  try {
    for (let index = 0; index < count; index += 1) {
      const startedAt = firstAt + index * 3_600_000;
      const runId = `bench${String(index).padStart(8, "0")}`;
      for (const [place, body] of eventsOf(index).entries()) {
        const head = { runId, sequence: place + 1, at: new Date(startedAt + place * 1000).toISOString() };
        const event: RunEvent = { ...head, ...body };
        await database.append(event);
      }
    }
  } finally {
    await database.close();
  }
}

function eventsOf(index: number): EventBody[] {
  const outcome = index % 10 === 9 ? "failed" : "passed";
  const steps = STEPS.map((name, place): PlannedStepHead => {
    const before = STEPS[place - 1];
    return { name, kind: "task", needs: before === undefined ? [] : [before], environment: null };
  });
  const started: EventBody = {
    type: "run-started",
    project: "bench",
    pipeline: "tasks",
    trigger: { kind: "manual", branch: "main", commit: commitOf(index), isDirty: false, who: "bench" },
    selection: "branch",
    stages: [{ name: "all", steps }],
    finally: [],
    dropped: [],
    greenlightVersion: "0.1.0",
    nodeVersion: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    // A process that is gone: these runs ended long ago.
    engine: { pid: 1, startTime: "bench" },
  };
  const middle = STEPS.flatMap((step, place): EventBody[] => [
    { type: "step-started", step, why: "src/main.ts changed", attempt: 1, deadlineAt: "9999-12-31T00:00:00.000Z" },
    {
      type: "step-ended",
      step,
      outcome: place === STEPS.length - 1 ? outcome : "passed",
      why: "ran: src/main.ts changed",
      isFromCache: false,
      isAlready: false,
      isAllowedFailure: false,
      attempts: 1,
      durationMs: 900,
      savedMs: 0,
      problems: [],
      evidence: [],
      manifestDigest: commitOf(index).padEnd(64, "0"),
      outputs: { file: commitOf(index + place).padEnd(64, "0") },
      facts: {},
      subject: null,
      logDigest: null,
    },
  ]);
  return [started, ...middle, { type: "run-ended", outcome, durationMs: 11_000, pending: [] }];
}

/** Forty hexadecimal digits of its own for each number. */
function commitOf(index: number): string {
  return (index + 1).toString(16).padStart(8, "0").repeat(5);
}
