import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { BlobFolder } from "../../adapters/stores/folder/blob-folder.ts";
import { RunDatabase } from "../../adapters/stores/sqlite/run-database.ts";
import { SmallBlobs } from "../../adapters/stores/sqlite/small-blobs.ts";
import { WorkDatabase } from "../../adapters/stores/sqlite/work-database.ts";
import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system-clock.ts";
import { defineProject, pipeline } from "../../pipeline/define.ts";
import type { EnvironmentDefinition, StepEntry } from "../../pipeline/definition.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { makePlan } from "../../pipeline/make-plan.ts";
import type { QualityPolicy } from "../../pipeline/quality-definition.ts";
import type { Approver } from "../approval.ts";
import type { EngineContext } from "../engine-context.ts";
import type { RunEvent } from "../event.ts";
import { ProjectTree } from "../files/project-tree.ts";
import { runPlan, type RunOptions } from "../run-plan.ts";
import type { RunView, StepView } from "../run-view.ts";
import { NO_MASKING, type Masking } from "../steps/masking.ts";
import { beginSteps } from "../steps/step-process.ts";

export interface RigRun {
  readonly view: RunView;
  readonly events: readonly RunEvent[];
  /** The step's view; throws for an unknown name. */
  step(name: string): StepView;
}

/** A project in a folder of its own, run by the real engine with the real stores. */
export class Rig {
  readonly folder: string;
  #runs = 0;

  /** In a fresh folder, or in one that another process has worked in. */
  constructor(folder: string = mkdtempSync(join(tmpdir(), "greenlight-rig-"))) {
    this.folder = folder;
  }

  write(path: string, text: string): void {
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  /** How many lines `echo x >> count-NAME` has written. */
  countOf(name: string): number {
    return existsSync(join(this.folder, `count-${name}`)) ? this.read(`count-${name}`).length / 2 : 0;
  }

  async run(
    stages: Readonly<Record<string, readonly StepEntry[]>>,
    options: {
      readonly finally?: readonly StepEntry[];
      readonly environments?: Readonly<Record<string, EnvironmentDefinition>>;
      readonly quality?: QualityPolicy;
      readonly approver?: Approver;
      readonly signal?: AbortSignal;
      readonly variables?: Readonly<Record<string, string>>;
      readonly onEvent?: (event: RunEvent) => void;
      readonly runId?: string;
      readonly concurrency?: number;
      /** The run named by `runId` goes on. */
      readonly resume?: RunOptions["resume"];
      readonly only?: ReadonlySet<string>;
      readonly masking?: Masking;
      readonly secrets?: ReadonlyMap<string, string>;
      readonly clock?: Clock;
      readonly lock?: EngineContext["lock"];
      readonly finallyMs?: number;
      readonly graceMs?: number;
      /** Milliseconds that the record may be held by another process. */
      readonly busyMs?: number;
      /** Where cache and blobs lie, when they are not this project's own. */
      readonly shared?: string;
    } = {},
  ): Promise<RigRun> {
    const made = makeBlueprint(
      defineProject({
        name: "rig",
        secrets: Object.fromEntries(
          [...(options.secrets?.keys() ?? [])].map((name) => [name, { from: "environment" }]),
        ),
        environments: options.environments ?? {},
        ...(options.quality === undefined ? {} : { quality: options.quality }),
        pipelines: { delivery: pipeline({ stages, finally: options.finally ?? [] }) },
      }),
      "greenlight.config.ts",
    );
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    const trigger = { kind: "manual", branch: "main", commit: null, isDirty: false, who: "kim" } as const;
    const planned = makePlan(made.value, { pipeline: "delivery", trigger, selection: "local" });
    if (!planned.ok) throw new Error(JSON.stringify(planned.error));
    const stateFolder = join(this.folder, ".greenlight");
    const runs = new RunDatabase(
      join(stateFolder, "runs.sqlite"),
      options.busyMs === undefined ? {} : { busyMs: options.busyMs },
    );
    const shared = options.shared ?? stateFolder;
    const work = new WorkDatabase(join(shared, "work.sqlite"));
    const events: RunEvent[] = [];
    this.#runs += 1;
    const endSteps = beginSteps(stateFolder);
    const runId = options.runId ?? `run${this.#runs}`;
    const earlier = options.resume === undefined ? [] : await runs.events(runId);
    try {
      const view = await runPlan(
        {
          plan: planned.value,
          projectFolder: this.folder,
          repositoryFolder: this.folder,
          stateFolder,
          runs,
          index: work.index,
          cache: work.cache,
          tree: new ProjectTree(),
          secrets: options.secrets ?? new Map(),
          masking: options.masking ?? NO_MASKING,
          warnings: { subscribe: () => () => undefined },
          cancelRequest: () => null,
          lock: options.lock ?? (async () => () => undefined),
          blobs: new SmallBlobs(work.bytes, new BlobFolder(join(shared, "store/blobs"))),
          clock: options.clock ?? systemClock,
          approver: options.approver ?? (async () => ({ kind: "waiting" })),
          environmentVariables: { PATH: process.env["PATH"], ...options.variables },
          concurrency: options.concurrency ?? 4,
          graceMs: options.graceMs ?? 300,
          signal: options.signal ?? new AbortController().signal,
        },
        {
          runId,
          earlier,
          ...(options.resume === undefined ? {} : { resume: options.resume }),
          only: options.only ?? null,
          ...(options.finallyMs === undefined ? {} : { finallyMs: options.finallyMs }),
          engine: { pid: process.pid, startTime: "test" },
          selection: "local",
          greenlightVersion: "test",
          listeners: [(event) => events.push(event), (event) => options.onEvent?.(event)],
        },
      );
      return {
        view,
        events,
        step: (name) => {
          const found = view.stages.flatMap((stage) => stage.steps).find((step) => step.name === name);
          if (found === undefined) throw new Error(`no step ${name}`);
          return found;
        },
      };
    } finally {
      await endSteps();
      work.close();
      await runs.close();
    }
  }

  /** What the record holds of the run. */
  async events(runId: string): Promise<readonly RunEvent[]> {
    const runs = new RunDatabase(join(this.folder, ".greenlight/runs.sqlite"));
    try {
      return await runs.events(runId);
    } finally {
      await runs.close();
    }
  }

  /** The record as an engine leaves it that dies right after it stored the first event that `isLast` accepts. */
  cutOff(runId: string, isLast: (event: RunEvent) => boolean): void {
    const database = new DatabaseSync(join(this.folder, ".greenlight/runs.sqlite"));
    try {
      const rows = database.prepare("SELECT json FROM events WHERE run_id = ? ORDER BY sequence").all(runId);
      const last = rows.map((row) => JSON.parse(String(row["json"])) as RunEvent).find(isLast);
      if (last === undefined) throw new Error("no such event");
      for (const table of ["events", "successes"]) {
        database.prepare(`DELETE FROM ${table} WHERE run_id = ? AND sequence > ?`).run(runId, last.sequence);
      }
      database.prepare("UPDATE runs SET ended_at = NULL, outcome = NULL WHERE id = ?").run(runId);
    } finally {
      database.close();
    }
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
