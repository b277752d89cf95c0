import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { BlobFolder } from "../../../adapters/stores/folder/blob-folder.ts";
import { RunDatabase } from "../../../adapters/stores/sqlite/run-database.ts";
import { SmallBlobs } from "../../../adapters/stores/sqlite/small-blobs.ts";
import { WorkDatabase } from "../../../adapters/stores/sqlite/work-database.ts";
import { digestText } from "../../../base/file-digest.ts";
import type { DeploymentRecord, DeploymentStateName, Environment } from "../../../deployment/environment.ts";
import type { CacheEntry } from "../../../engine/blob-store.ts";
import type { RunEvent } from "../../../engine/event.ts";
import type { Outcome } from "../../../engine/outcome.ts";
import { logPath } from "../../../engine/steps/log-path.ts";
import { EventMaker } from "../../../engine/testing/make-events.ts";
import { openHoldings } from "../../../open-holdings.ts";
import { defineProject, pipeline, step } from "../../../pipeline/define.ts";
import { makeBlueprint } from "../../../pipeline/make-blueprint.ts";
import type { RetentionPolicy } from "../../../pipeline/retention-definition.ts";
import type { ReleaseManifest } from "../../../release/manifest.ts";
import { releaseDigest, releaseId } from "../../../release/release-digest.ts";
import type { ListedRun } from "../../runs/read-runs.ts";
import type { CleanPlan } from "../clean-plan.ts";
import type { AskedEnvironments } from "../environment-facts.ts";
import { makeCleanPlan } from "../make-clean-plan.ts";
import type { EnvironmentFacts } from "../releases-in-use.ts";
import { sweep } from "../sweep.ts";

export const DAY_MS = 86_400_000;
/** The present of these tests: a day on which what they write now is old, also by the clock of the file system. */
export const NOW = Date.now() + 30 * DAY_MS;

/** What a step of a made-up run did. */
export interface MadeStep {
  readonly name: string;
  /** What it was made of; the same again comes from the cache when it is there. */
  readonly input: string;
  readonly isPassed: boolean;
}

/** A state folder with the real stores, filled by hand. */
export class StateRig {
  readonly folder: string;

  constructor(folder?: string) {
    this.folder = folder ?? realpathSync(mkdtempSync(join(tmpdir(), "greenlight-clean-")));
  }

  readonly #open = (): { work: WorkDatabase; blobs: SmallBlobs } => {
    const work = new WorkDatabase(join(this.folder, "work.sqlite"));
    return { work, blobs: new SmallBlobs(work.bytes, new BlobFolder(join(this.folder, "store", "blobs"))) };
  };

  openRuns(): RunDatabase {
    return new RunDatabase(join(this.folder, "runs.sqlite"));
  }

  /** The files of a project in which nothing ran yet. */
  async prepare(): Promise<void> {
    await this.openRuns().close();
    this.#open().work.close();
  }

  /** Records a run with its results, logs and report, as if it had begun that many days ago. */
  async addRun(run: {
    id: string;
    daysAgo: number;
    outcome: ListedRun["outcome"];
    steps: readonly MadeStep[];
  }): Promise<void> {
    const { id, outcome } = run;
    const maker = new EventMaker(id);
    const beganAt = NOW - run.daysAgo * DAY_MS;
    const at = beganAt - maker.at(0);
    const runs = this.openRuns();
    const { work, blobs } = this.#open();
    try {
      const events: RunEvent[] = [{ ...maker.started({}), at: new Date(beganAt).toISOString() }];
      for (const each of run.steps) {
        const manifestDigest = digestText(`${each.name} of ${each.input}`);
        const known = await work.cache.get(manifestDigest);
        const logged = `${each.name} wrote ${each.input}`;
        const logDigest = digestText(logged);
        const isFromCache = known !== null && each.isPassed;
        if (each.isPassed && !isFromCache) {
          await blobs.putBytes(Buffer.from(logged), logDigest);
          const entry = await this.#entryOf(each, { runId: id, logDigest, blobs });
          await work.cache.put(manifestDigest, { ...entry, keptAtMs: beganAt });
        }
        this.write(logPath("", id, each.name), logged);
        await runs.saveManifest(manifestDigest, { schema: 1, inputs: { [each.input]: "1" } } as never);
        const ended = { outcome: each.isPassed ? "passed" : "failed", isFromCache, manifestDigest, logDigest } as const;
        events.push(maker.stepEnded(at, each.name, ended));
      }
      const isOpen = outcome === "running" || outcome === "interrupted";
      if (!isOpen)
        events.push(maker.make(at, { type: "run-ended", outcome: outcome as Outcome, durationMs: 1, pending: [] }));
      await runs.append(...events);
      this.write(`reports/${id}/report.html`, id);
    } finally {
      work.close();
      await runs.close();
    }
  }

  /** Of a step "bundle" the entry of a release, of others one large file and one small one. */
  async #entryOf(
    each: MadeStep,
    { runId, logDigest, blobs }: { runId: string; logDigest: string; blobs: SmallBlobs },
  ): Promise<CacheEntry> {
    const put = async (text: string): Promise<string> => {
      await blobs.putBytes(Buffer.from(text), digestText(text));
      return digestText(text);
    };
    const base = { schema: 1 as const, runId, step: each.name, durationMs: 1, logDigest };
    if (each.name !== "bundle") {
      const files = [await put(`${each.input} `.repeat(3000)), await put(each.input)];
      return {
        ...base,
        references: [],
        outputs: { out: files.map((digest, at) => ({ path: `out/${at}`, digest, isExecutable: false })) },
      };
    }
    const manifest = manifestOf(each.input);
    for (const text of releaseTexts(each.input)) await put(text);
    const digest = await put(JSON.stringify(manifest));
    const references = manifest.files.map((file) => file.digest);
    return { ...base, references, outputs: { release: [{ path: "out/release.json", digest, isExecutable: false }] } };
  }

  write(path: string, text: string): string {
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    return target;
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  async clean(by: CleanBy = {}): Promise<CleanPlan> {
    const made = makeBlueprint(projectOf(by.retention), "greenlight.config.ts");
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    const runs = this.openRuns();
    const holdings = await openHoldings(this.folder);
    try {
      const listed = (await runs.runs(1e6)).map((run): ListedRun => {
        // As where no process of these runs lives.
        return run.outcome === "running" ? { ...run, outcome: "interrupted" } : run;
      });
      const facts = {
        stateFolder: this.folder,
        blueprint: made.value,
        runs: listed,
        unsent: by.unsent ?? [],
        asked: by.asked ?? { facts: [], environments: [], problems: [] },
        now: by.now ?? NOW,
      };
      const plan = await makeCleanPlan(holdings, facts);
      const at = new Date(NOW).toISOString();
      if (by.isDryRun !== true) sweep(holdings, plan, { at, beforeRemoval: by.beforeRemoval ?? (() => undefined) });
      return plan;
    } finally {
      holdings.close();
      await runs.close();
    }
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface CleanBy {
  readonly retention?: RetentionPolicy;
  readonly unsent?: readonly string[];
  readonly asked?: AskedEnvironments;
  readonly now?: number;
  readonly isDryRun?: boolean;
  beforeRemoval?(what: string): void;
}

/** The steps that the definition has now. */
export const STEPS = ["collect", "train", "bundle"] as const;

function projectOf(retention: RetentionPolicy | undefined): unknown {
  const steps = STEPS.map((name) => step(name, { run: "true" }));
  const pipelines = { delivery: pipeline({ stages: { all: steps } }) };
  return defineProject({ name: "films", pipelines, ...(retention === undefined ? {} : { retention }) });
}

function releaseTexts(input: string): readonly string[] {
  return [`server of ${input}`, `model of ${input} `.repeat(2000), "runtime ".repeat(2000)];
}

/** The release that a step "bundle" makes of an input. */
export function manifestOf(input: string): ReleaseManifest {
  const files = releaseTexts(input).map((text, at) => ({
    path: `app/${at}`,
    digest: digestText(text),
    sizeBytes: text.length,
    isExecutable: false,
  }));
  const start = { command: "app/0", arguments: [], folder: "app", readyPath: "/", healthPath: "/" };
  return {
    schema: 1,
    name: "films",
    platform: "linux-x64",
    start,
    modelPath: null,
    data: {},
    configuration: {},
    files,
  };
}

/** A deployment of what was bundled of that input. */
export function deploymentOf(id: string, input: string, state: DeploymentStateName, runId = ""): DeploymentRecord {
  const manifest = manifestOf(input);
  const transitions = [...(state === "succeeded" ? (["baking"] as const) : []), state].map((each) => {
    return { state: each, at: "2026-01-01T00:00:00.000Z", why: "" };
  });
  const names = { releaseId: releaseId(manifest), digest: releaseDigest(manifest), runId };
  return { id, kind: "deployment", environment: "production", ...names, transitions } as unknown as DeploymentRecord;
}

/** What an environment says that has the first of these inputs live. */
export function environmentOf(more: Partial<EnvironmentFacts>): EnvironmentFacts {
  return { name: "production", live: null, slots: [], history: [], previous: null, logged: new Set(), ...more };
}

/** An environment that has kept the manifests of these inputs. */
export function keeperOf(inputs: readonly string[]): Environment {
  const manifests = new Map(inputs.map((input) => [releaseDigest(manifestOf(input)), manifestOf(input)]));
  return { readRelease: async (digest: string) => manifests.get(digest) ?? null } as unknown as Environment;
}
