import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { RunEvent, RunStarted, StepEnded } from "../event.ts";
import type { Manifest } from "../manifests/manifest.ts";
import type { StepStamp } from "../manifests/step-stamp.ts";
import type { RunStore } from "../run-store.ts";

/** One kind of store, as the contract needs it. */
export interface RunStoreKind {
  /** A second opening sees the same runs. */
  open(): Promise<RunStore>;
  close(): Promise<void>;
}

const STARTED: Omit<RunStarted, "type"> = {
  project: "films",
  pipeline: "delivery",
  trigger: { kind: "manual", branch: "main", commit: "abc", isDirty: false, who: "kim" },
  selection: "local",
  stages: [],
  finally: [],
  dropped: [],
  greenlightVersion: "1",
  nodeVersion: "26",
  platform: "linux-x64",
  engine: { pid: 1, startTime: "1" },
};

const ENDED: Omit<StepEnded, "type" | "step"> = {
  outcome: "passed",
  why: "",
  isFromCache: false,
  isAlready: false,
  isAllowedFailure: false,
  attempts: 1,
  durationMs: 1,
  savedMs: 0,
  problems: [],
  evidence: [],
  manifestDigest: null,
  outputs: {},
  facts: {},
  subject: null,
  logDigest: null,
};

const MANIFEST: Manifest = {
  schema: 1,
  platform: "linux-x64",
  runtime: "26",
  action: "true",
  variables: {},
  secrets: [],
  env: {},
  inputs: { "데이터/a b.txt": "1", ["__proto__"]: "2" },
  modules: {},
  packages: {},
  outputs: {},
  needs: {},
};

/** A started run: the first event of `runId`, at that second of a day. */
export function started(runId: string, second = 0, pipeline = "delivery"): RunEvent {
  const at = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  return { type: "run-started", runId, sequence: 1, at, ...STARTED, pipeline };
}

function stepEnded(runId: string, sequence: number, more: Partial<StepEnded>): RunEvent {
  return { type: "step-ended", runId, sequence, at: "2026-01-01T00:00:09.000Z", step: "train", ...ENDED, ...more };
}

function runEnded(
  runId: string,
  sequence: number,
  change: { readonly at?: string; readonly durationMs?: number } = {},
): RunEvent {
  const at = "2026-01-01T00:01:00.000Z";
  return { type: "run-ended", runId, sequence, at, outcome: "failed", durationMs: 9, pending: [], ...change };
}

async function appendMany(store: RunStore, runId: string): Promise<void> {
  await store.append(started(runId));
  for (let sequence = 2; sequence <= 60; sequence += 1) await store.append(stepEnded(runId, sequence, {}));
}

/** What every run store must do; each adapter runs it. */
export function runStoreContract(name: string, make: () => Promise<RunStoreKind>): void {
  describe(`${name} keeps the contract of a run store`, () => {
    let kind: RunStoreKind;
    let store: RunStore;
    let other: RunStore;

    beforeEach(async () => {
      kind = await make();
      store = await kind.open();
      other = await kind.open();
    });

    afterEach(async () => {
      await store.close();
      await other.close();
      await kind.close();
    });

    test("what was appended is read by another engine, in order, from anywhere on", async () => {
      const events = [started("r1"), stepEnded("r1", 2, {}), runEnded("r1", 3)];
      await store.append(...events);
      expect(await other.events("r1")).toEqual(events);
      expect(await other.events("r1", 2)).toEqual(events.slice(2));
      expect(await other.events("r1", 3)).toEqual([]);
      expect(await other.events("r2")).toEqual([]);
    });

    test("all of a call's events are there or none: a sequence that is taken spoils the whole call", async () => {
      await store.append(started("r1"), stepEnded("r1", 2, {}));
      await expect(other.append(stepEnded("r1", 3, { step: "other" }), stepEnded("r1", 2, {}))).rejects.toMatchObject({
        problems: [{ code: "RUN_IN_PROGRESS" }],
      });
      expect(await store.events("r1")).toHaveLength(2);
      expect(await store.lastSuccess({ pipeline: "delivery", step: "other" })).toBeNull();
      await other.append(stepEnded("r1", 3, {}));
      expect(await store.events("r1")).toHaveLength(3);
    });

    test("texts of any kind come back as they were", async () => {
      const why = "' \" \\ \0 \u001f \n 데이터 🎬 \ufffd </script> %s ; DROP TABLE events; --";
      await store.append(started("r1"), stepEnded("r1", 2, { why, step: why }));
      expect((await other.events("r1"))[1]).toMatchObject({ why, step: why });
      expect(await other.lastSuccess({ pipeline: "delivery", step: why })).toMatchObject({ runId: "r1" });
    });

    test("runs are listed newest first, with how they ended", async () => {
      await store.append(started("r1", 1));
      await store.append(started("r3", 3));
      await other.append(started("r2", 2));
      await store.append(runEnded("r1", 2));
      expect((await other.runs(10)).map((run) => [run.id, run.outcome])).toEqual([
        ["r3", "running"],
        ["r2", "running"],
        ["r1", "failed"],
      ]);
      expect(await store.runs(2)).toHaveLength(2);
      const [newest] = await store.runs(1);
      expect(newest).toMatchObject({ pipeline: "delivery", branch: "main", commit: "abc", who: "kim", endedAt: null });
    });

    test("a run that goes on is running again, with its new engine", async () => {
      await store.append(started("r1"), runEnded("r1", 2));
      const { project: _, pipeline: _p, trigger: _t, selection: _s, ...heads } = STARTED;
      const engine = { pid: 2, startTime: "2" };
      const how = { mode: "resume", by: "lee", why: "", again: [] } as const;
      const at = "2026-01-01T00:02:00.000Z";
      await store.append({ type: "run-resumed", runId: "r1", sequence: 3, at, ...heads, ...how, engine });
      expect(await other.runs(1)).toMatchObject([{ outcome: "running", endedAt: null, engine }]);
      await store.append(runEnded("r1", 4, { durationMs: 7 }));
      // The last engine's time is not the run's.
      expect((await other.runs(1))[0]).toMatchObject({ outcome: "failed", durationMs: null });
    });

    test("a run took as long as its engine counted, wherever the clock was set meanwhile", async () => {
      await store.append(started("r1"));
      expect((await other.runs(1))[0]?.durationMs).toBeUndefined();
      await store.append(runEnded("r1", 2, { at: "2025-12-24T00:00:00.000Z", durationMs: 6100 }));
      expect((await other.runs(1))[0]).toMatchObject({ endedAt: "2025-12-24T00:00:00.000Z", durationMs: 6100 });
    });

    test("the last success is the newest that suits; failures and allowed ones are none", async () => {
      const [a, b] = ["a".repeat(64), "b".repeat(64)];
      await store.append(started("r1"), stepEnded("r1", 2, { manifestDigest: a, subject: "x" }));
      await store.append(started("r2", 2), stepEnded("r2", 2, { manifestDigest: b, subject: "y" }));
      await store.append(stepEnded("r2", 3, { outcome: "failed", manifestDigest: a }));
      await store.append(stepEnded("r2", 4, { outcome: "warned", isAllowedFailure: true, manifestDigest: a }));
      await store.append(started("r3", 3, "nightly"), stepEnded("r3", 2, { manifestDigest: a }));
      const query = { pipeline: "delivery", step: "train" };
      expect(await other.lastSuccess(query)).toMatchObject({ runId: "r2", ended: { subject: "y" } });
      expect(await other.lastManifest(query)).toEqual({ runId: "r2", manifestDigest: b });
      expect(await other.lastSuccess({ ...query, manifestDigest: a })).toMatchObject({ runId: "r1" });
      expect(await other.lastSuccess({ ...query, subject: "x" })).toMatchObject({ runId: "r1" });
      expect(await other.lastSuccess({ ...query, runId: "r1" })).toMatchObject({ runId: "r1" });
      expect(await other.lastSuccess({ ...query, subject: "x", manifestDigest: b })).toBeNull();
      expect(await other.lastSuccess({ ...query, step: "Train" })).toBeNull();
      await store.append(stepEnded("r2", 5, { outcome: "warned", manifestDigest: a }));
      expect(await other.lastManifest(query)).toEqual({ runId: "r2", manifestDigest: a });
    });

    test("a success that came from the cache is one for whoever asks by its manifest", async () => {
      const [a, b] = ["a".repeat(64), "b".repeat(64)];
      const query = { pipeline: "delivery", step: "train" };
      await store.append(started("r1"), stepEnded("r1", 2, { manifestDigest: a }));
      await store.append(started("r2", 2), stepEnded("r2", 2, { manifestDigest: b }));
      // Back to the older input: that is the last success now.
      await store.lastManifest(query);
      await store.append(started("r3", 3), stepEnded("r3", 2, { manifestDigest: a, isFromCache: true }));
      expect(await other.lastManifest(query)).toEqual({ runId: "r3", manifestDigest: a });
    });

    test("a stamp lasts until another success of its step is recorded", async () => {
      await store.append(started("r1"), stepEnded("r1", 2, { manifestDigest: "a".repeat(64) }));
      expect(await store.stamps("delivery")).toEqual(new Map());
      const stamp: StepStamp = {
        index: 7,
        subject: "트레인",
        needs: "[]",
        inputs: [["src/a b.ts", "1:2:3:4"]],
        outputs: [["out/model", "5:6:7:8"]],
        manifestDigest: "a".repeat(64),
        runId: "r1",
        savedMs: 9,
        outputDigests: { model: "b".repeat(64) },
        logDigest: null,
      };
      await store.saveStamps("delivery", new Map([["train", stamp]]));
      expect(await other.stamps("delivery")).toEqual(new Map([["train", stamp]]));
      expect(await other.stamps("nightly")).toEqual(new Map());
      const again = { manifestDigest: stamp.manifestDigest, isFromCache: true };
      await store.append(started("r2", 2), stepEnded("r2", 2, { ...again, outcome: "failed" }));
      expect((await other.stamps("delivery")).size).toBe(1);
      await store.append(stepEnded("r2", 3, { manifestDigest: "c".repeat(64) }));
      expect(await other.stamps("delivery")).toEqual(new Map());
    });

    test("a manifest is there for others once the events after it are", async () => {
      await store.saveManifest("c".repeat(64), MANIFEST);
      expect(await store.manifest("c".repeat(64))).toEqual(MANIFEST);
      await store.append(started("r1"));
      expect(await other.manifest("c".repeat(64))).toEqual(MANIFEST);
      await other.saveManifest("c".repeat(64), MANIFEST);
      await other.append(stepEnded("r1", 2, {}));
      expect(await other.manifest("d".repeat(64))).toBeNull();
    });

    test("two engines append at once, and nothing is lost or mixed", async () => {
      await Promise.all([appendMany(store, "r1"), appendMany(other, "r2")]);
      for (const runId of ["r1", "r2"]) {
        const events = await store.events(runId);
        expect(events.map((event) => event.sequence)).toEqual(Array.from({ length: 60 }, (_none, index) => index + 1));
        expect(new Set(events.map((event) => event.runId))).toEqual(new Set([runId]));
      }
    });
  });
}
