import { readdirSync } from "node:fs";
import { join } from "node:path";

import type { Problem } from "../../../base/problem.ts";
import type { EventBody, RunEvent } from "../../../engine/event.ts";
import { manifestDigest, type Manifest } from "../../../engine/manifests/manifest.ts";
import type { RunRecorder } from "../run-recorder.ts";
import type { ResumedRun } from "../run-records.ts";
import type { Machine } from "./store-rig.ts";

export const RUN = "01jd0000000000ab";

/** Of all steps that are told here. */
export const MANIFEST: Manifest = {
  schema: 1,
  platform: "linux-x64",
  runtime: "26.10.0",
  action: "node train.ts",
  env: {},
  variables: {},
  secrets: [],
  inputs: { "src/train.ts": "ab".repeat(32) },
  modules: {},
  packages: {},
  outputs: {},
  needs: {},
};

/** The start of a run, and the ends of so many of its steps. */
export function bodies(steps: number): EventBody[] {
  const trigger = { kind: "push", branch: "main", commit: "abc", isDirty: false, who: "kim" } as const;
  const engine = { pid: process.pid, startTime: "elsewhere" };
  const started: EventBody = {
    type: "run-started",
    project: "films",
    pipeline: "delivery",
    trigger,
    selection: "branch",
    stages: [],
    finally: [],
    dropped: [],
    greenlightVersion: "test",
    nodeVersion: "26.10.0",
    platform: "linux-x64",
    engine,
  };
  return [started, ...Array.from({ length: steps }, (_, index) => stepEnded(`step ${index}`))];
}

export function stepEnded(step: string): EventBody {
  return {
    type: "step-ended",
    step,
    outcome: "passed",
    why: "ran",
    isFromCache: false,
    isAlready: false,
    isAllowedFailure: false,
    attempts: 1,
    durationMs: 5,
    savedMs: 0,
    problems: [],
    evidence: [],
    manifestDigest: manifestDigest(MANIFEST),
    outputs: {},
    facts: {},
    subject: null,
    logDigest: null,
  };
}

export const ended: EventBody = { type: "run-ended", outcome: "passed", durationMs: 9, pending: [] };

/** The run `RUN` on one machine, as the engine leads it: local first, then the recorder. */
export class LedRun {
  readonly machine: Machine;
  readonly takenOver: Problem[] = [];
  readonly waitedFor: string[] = [];
  recorder: RunRecorder | null = null;
  #sequence = 0;

  constructor(on: Machine) {
    this.machine = on;
  }

  get request(): Parameters<Machine["store"]["records"]["resume"]>[0] {
    return {
      runId: RUN,
      runs: this.machine.runs,
      logPath: (step) => join(this.machine.folder, "logs", `${step}.log`),
      onTakenOver: (found) => this.takenOver.push(found),
      onWait: (holder) => this.waitedFor.push(holder),
    };
  }

  begin(): this {
    this.recorder = this.machine.store.records.begin(this.request);
    return this;
  }

  async resume(): Promise<ResumedRun> {
    const resumed = await this.machine.store.records.resume(this.request);
    this.recorder = resumed.recorder;
    this.#sequence = resumed.events.length;
    return resumed;
  }

  async tell(...told: readonly EventBody[]): Promise<void> {
    await this.machine.runs.saveManifest(manifestDigest(MANIFEST), MANIFEST);
    for (const body of told) {
      this.#sequence += 1;
      const next: RunEvent = { runId: RUN, sequence: this.#sequence, at: "2026-11-22T00:00:00.000Z", ...body };
      await this.machine.runs.append(next);
      this.recorder?.record(next);
    }
  }
}

/** The pieces of the record of `RUN` in the store's folder, in order; none while there is no record. */
export function chunksIn(shared: string): string[] {
  try {
    return readdirSync(join(shared, "films/runs", RUN, "events")).toSorted();
  } catch {
    return [];
  }
}
