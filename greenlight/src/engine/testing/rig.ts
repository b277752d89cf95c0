import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { BlobFolder } from "../../adapters/stores/folder/blob-folder.ts";
import { RunDatabase } from "../../adapters/stores/sqlite/run-database.ts";
import { WorkDatabase } from "../../adapters/stores/sqlite/work-database.ts";
import { systemClock } from "../../base/system-clock.ts";
import { defineProject, pipeline } from "../../pipeline/define.ts";
import type { EnvironmentDefinition, StepEntry } from "../../pipeline/definition.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { makePlan } from "../../pipeline/make-plan.ts";
import type { Approver } from "../approval.ts";
import type { RunEvent } from "../event.ts";
import { NO_MASKING } from "../masking.ts";
import { ProjectTree } from "../project-tree.ts";
import { runPlan } from "../run-plan.ts";
import type { RunView, StepView } from "../run-view.ts";

export interface RigRun {
  readonly view: RunView;
  readonly events: readonly RunEvent[];
  /** The step's view; throws for an unknown name. */
  step(name: string): StepView;
}

/** A project in a folder of its own, run by the real engine with the real stores. */
export class Rig {
  readonly folder: string = mkdtempSync(join(tmpdir(), "greenlight-rig-"));
  #runs = 0;

  write(path: string, text: string): void {
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  async run(
    stages: Readonly<Record<string, readonly StepEntry[]>>,
    options: {
      readonly finally?: readonly StepEntry[];
      readonly environments?: Readonly<Record<string, EnvironmentDefinition>>;
      readonly approver?: Approver;
      readonly signal?: AbortSignal;
      readonly variables?: Readonly<Record<string, string>>;
      readonly onEvent?: (event: RunEvent) => void;
    } = {},
  ): Promise<RigRun> {
    const made = makeBlueprint(
      defineProject({
        name: "rig",
        environments: options.environments ?? {},
        pipelines: { delivery: pipeline({ stages, finally: options.finally ?? [] }) },
      }),
      "greenlight.config.ts",
    );
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    const trigger = { kind: "manual", branch: "main", commit: null, isDirty: false, who: "kim" } as const;
    const planned = makePlan(made.value, { pipeline: "delivery", trigger, selection: "local" });
    if (!planned.ok) throw new Error(JSON.stringify(planned.error));
    const stateFolder = join(this.folder, ".greenlight");
    const runs = new RunDatabase(join(stateFolder, "runs.sqlite"));
    const work = new WorkDatabase(join(stateFolder, "work.sqlite"));
    const events: RunEvent[] = [];
    this.#runs += 1;
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
          secrets: new Map(),
          masking: NO_MASKING,
          cancelRequest: () => null,
          lock: async () => () => undefined,
          blobs: new BlobFolder(join(stateFolder, "store/blobs")),
          clock: systemClock,
          approver: options.approver ?? (async () => ({ kind: "waiting" })),
          environmentVariables: { PATH: process.env["PATH"], ...options.variables },
          concurrency: 4,
          graceMs: 300,
          signal: options.signal ?? new AbortController().signal,
        },
        {
          runId: `run${this.#runs}`,
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
      work.close();
      await runs.close();
    }
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
