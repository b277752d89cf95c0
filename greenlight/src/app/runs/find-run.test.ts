import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { RunDatabase } from "../../adapters/stores/sqlite/run-database.ts";
import { ownIdentity } from "../../base/process-identity.ts";
import type { RunEvent } from "../../engine/event.ts";
import type { Outcome } from "../../engine/outcome.ts";
import { findRun, type RunQuery } from "./find-run.ts";

const ANY: RunQuery = { named: undefined, suits: () => true, nothingSuits: "nothing ran" };

let folder: string;
let runs: RunDatabase;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-find-"));
  runs = new RunDatabase(join(folder, "runs.sqlite"));
});

afterEach(async () => {
  await runs.close();
  rmSync(folder, { recursive: true, force: true });
});

function events(runId: string, outcome: Outcome | null, engine = { pid: 1, startTime: "gone" }): RunEvent[] {
  const at = "2026-01-01T00:00:00.000Z";
  const trigger = { kind: "manual", branch: "main", commit: null, isDirty: false, who: "kim" } as const;
  const started: RunEvent = {
    runId,
    sequence: 1,
    at,
    type: "run-started",
    project: "shop",
    pipeline: "delivery",
    trigger,
    selection: "local",
    stages: [],
    finally: [],
    dropped: [],
    greenlightVersion: "0",
    nodeVersion: "26",
    platform: "linux-x64",
    engine,
  };
  if (outcome === null) return [started];
  return [started, { runId, sequence: 2, at, type: "run-ended", outcome, durationMs: 1, pending: [] }];
}

test("a run is found by its id, by its beginning, and as the newest that suits", async () => {
  await runs.append(...events("01aaaaaaaaaaaaa1", null));
  await runs.append(...events("01aaaaaaaaaaaaa2", "failed"));
  await runs.append(...events("01bbbbbbbbbbbbbb", "passed"));
  expect((await findRun(runs, { ...ANY, named: "01aaaaaaaaaaaaa2" })).state).toBe("failed");
  expect((await findRun(runs, { ...ANY, named: "01b" })).view.id).toBe("01bbbbbbbbbbbbbb");
  expect((await findRun(runs, ANY)).view.id).toBe("01bbbbbbbbbbbbbb");
  const interrupted = await findRun(runs, { ...ANY, suits: (state) => state === "interrupted" });
  expect(interrupted.view.id).toBe("01aaaaaaaaaaaaa1");
  await expect(findRun(runs, { ...ANY, named: "01a" })).rejects.toThrow(
    /RUN_AMBIGUOUS: 01a: it may be 01aaaaaaaaaaaaa2, 01aaaaaaaaaaaaa1/u,
  );
  await expect(findRun(runs, { ...ANY, named: "02" })).rejects.toThrow(/RUN_UNKNOWN: 02/u);
  await expect(findRun(runs, { ...ANY, suits: (state) => state === "waiting" })).rejects.toThrow("nothing ran");
});

test("a run whose engine lives is running, of whichever of several engines the last one was", async () => {
  await runs.append(...events("01aaaaaaaaaaaaa1", null, ownIdentity()));
  expect((await findRun(runs, ANY)).state).toBe("running");
});

test("what other machines know of a run counts when it is more, and a run may be known to them alone", async () => {
  const id = "01aaaaaaaaaaaaa1";
  await runs.append(...events(id, null));
  const query = { ...ANY, named: id };
  expect((await findRun(runs, { ...query, fetchRun: async () => events(id, "passed") })).state).toBe("passed");
  expect((await findRun(runs, { ...query, fetchRun: async () => null })).state).toBe("interrupted");
  const there = "01cccccccccccccc";
  const found = await findRun(runs, { ...ANY, named: there, fetchRun: async () => events(there, "waiting") });
  expect([found.view.id, found.state]).toEqual([there, "waiting"]);
  const silent = findRun(runs, { ...ANY, named: there, fetchRun: async () => null });
  await expect(silent).rejects.toThrow(/STORE_UNREACHABLE/u);
  await expect(findRun(runs, { ...ANY, named: there, fetchRun: async () => [] })).rejects.toThrow(/RUN_UNKNOWN/u);
});
