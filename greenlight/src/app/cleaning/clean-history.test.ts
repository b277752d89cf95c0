import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { digestText } from "../../base/file-digest.ts";
import type { CacheEntry } from "../../engine/blob-store.ts";
import { releaseId } from "../../release/release-digest.ts";
import { look, type HeldState } from "./testing/held-state.ts";
import { cleanBy, fill, history, idOf, runsOf, type History } from "./testing/made-history.ts";
import { DAY_MS, manifestOf, NOW, StateRig, STEPS } from "./testing/state-rig.ts";

/** A tenth of a second each. */
const RUNS = process.env["GREENLIGHT_HEAVY"] === undefined ? 10 : 400;

const blobsOf = (entry: CacheEntry): string[] => [
  ...Object.values(entry.outputs).flatMap((files) => files.map(({ digest }) => digest)),
  ...entry.references,
  ...(entry.logDigest === null ? [] : [entry.logDigest]),
];

function lastSuccess(seen: HeldState, step: string): HeldState["events"][number] | undefined {
  return seen.events.findLast((each) => each.type === "step-ended" && each.step === step && each.outcome === "passed");
}

/** What has to stay, said once more and plainly. */
function needed(made: History, before: HeldState): { runs: Set<string>; keys: Set<string>; inputs: Set<string> } {
  const { retention, deployments, live } = made;
  const served = deployments.filter(({ state }) => state === "succeeded");
  const inputs = new Set([
    ...[...new Set(served.map((each) => each.input))].slice(0, retention.releases.keep),
    ...deployments.filter(({ state }) => state === "awaiting-approval" || state === "baking").map((each) => each.input),
    ...(served[live] === undefined ? [] : [served[live].input]),
  ]);
  const ids = new Set([...inputs].map((each) => releaseId(manifestOf(each))));
  const bundles = new Map(
    ["a", "b", "c", "d", "e"].map((each) => [digestText(`bundle of ${each}`), releaseId(manifestOf(each))]),
  );
  const runs = new Set<string>();
  const keys = new Set<string>();
  for (const [key, entry] of before.entries) {
    if (!ids.has(bundles.get(key) ?? "")) continue;
    keys.add(key);
    runs.add(entry.runId);
  }
  for (const { input: of, run } of deployments) if (inputs.has(of)) runs.add(idOf(run));
  for (const step of STEPS) {
    const last = lastSuccess(before, step);
    if (last?.manifestDigest !== undefined) keys.add(last.manifestDigest);
  }
  const ordered = runsOf(made).toReversed();
  for (const [at, { id, daysAgo, outcome }] of ordered.entries()) {
    const isKept =
      at < retention.runs.keep ||
      daysAgo < retention.runs.days ||
      outcome === "waiting" ||
      made.unsent.map(idOf).includes(id);
    if (isKept) runs.add(id);
    if (!isKept && !runs.has(id)) continue;
    if (outcome !== "waiting" && outcome !== "interrupted" && !made.unsent.map(idOf).includes(id)) continue;
    for (const each of before.events)
      if (each.runId === id && each.manifestDigest !== undefined) keys.add(each.manifestDigest);
  }
  return { runs, keys, inputs };
}

/** Nothing in use is missing, and nothing leads nowhere. */
function expectSound(made: History, before: HeldState, rig: StateRig): void {
  const after = look(rig);
  const { runs, keys, inputs } = needed(made, before);
  for (const id of before.runs.filter((each) => runs.has(each))) {
    expect(after.runs).toContain(id);
    expect(after.events.filter((each) => each.runId === id)).toEqual(before.events.filter((each) => each.runId === id));
    expect(rig.has(`runs/${id}`) || !before.folders.includes(`runs/${id}`)).toBe(true);
  }
  for (const key of keys) expect(after.entries.get(key)).toEqual(before.entries.get(key));
  for (const entry of after.entries.values())
    for (const digest of blobsOf(entry)) expect(after.blobs.has(digest)).toBe(true);
  for (const of of inputs) {
    for (const { digest } of manifestOf(of).files) expect(after.blobs.has(digest)).toBe(before.blobs.has(digest));
  }
  for (const each of after.events) {
    if (each.logDigest !== undefined && before.blobs.has(each.logDigest))
      expect(after.blobs.has(each.logDigest)).toBe(true);
  }
  // Each step still knows its last success.
  for (const step of STEPS) expect(lastSuccess(after, step)).toEqual(lastSuccess(before, step));
}

// Four hundred of them take half a minute, and several on a busy machine.
describe("of any history", { timeout: 600_000 }, () => {
  test("nothing in use goes, and everything else does", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (made) => {
        const rig = new StateRig();
        try {
          await fill(rig, made);
          await rig.prepare();
          const before = look(rig);
          await rig.clean({ ...cleanBy(made), isDryRun: true });
          expect(look(rig)).toEqual(before);
          await rig.clean(cleanBy(made));
          expectSound(made, before, rig);

          const after = look(rig);
          const { runs, keys, inputs } = needed(made, before);
          const lastRuns = new Set(STEPS.map((step) => lastSuccess(before, step)?.runId));
          for (const id of after.runs) expect(runs.has(id) || lastRuns.has(id)).toBe(true);
          for (const [key, entry] of after.entries) {
            const uses = after.events.filter((each) => each.manifestDigest === key).map((each) => Date.parse(each.at));
            const isYoung = Math.max(entry.keptAtMs ?? 0, ...uses) > NOW - made.retention.cache.days * DAY_MS;
            const isOfRunThatGoesOn = after.events.some(
              (each) =>
                each.manifestDigest === key &&
                /waiting|interrupted/u.test(runsOf(made).find((run) => run.id === each.runId)?.outcome ?? ""),
            );
            expect(keys.has(key) || isYoung || isOfRunThatGoesOn).toBe(true);
          }
          const reached = new Set([
            ...[...after.entries.values()].flatMap(blobsOf),
            ...after.events.flatMap((each) => each.logDigest ?? []),
            ...[...inputs].flatMap((each) => manifestOf(each).files.map((file) => file.digest)),
          ]);
          for (const digest of after.blobs) expect(reached.has(digest)).toBe(true);
          for (const folder of after.folders) expect(after.runs).toContain(folder.split("/")[1]);
          // It has come to rest.
          expect((await rig.clean(cleanBy(made))).runs.removed).toEqual([]);
          expect(look(rig)).toEqual(after);
        } finally {
          rig.dispose();
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("a clean-up that is killed anywhere leaves all in order, and a second one finishes it", async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.nat(25), async (made, at) => {
        const rig = new StateRig();
        const twin = mkdtempSync(join(tmpdir(), "greenlight-clean-"));
        try {
          await fill(rig, made);
          await rig.prepare();
          const before = look(rig);
          cpSync(rig.folder, twin, { recursive: true, preserveTimestamps: true });
          let count = 0;
          const killed = rig.clean({
            ...cleanBy(made),
            beforeRemoval: () => {
              if (count === at) throw new Error("killed");
              count += 1;
            },
          });
          await killed.catch((error: Error) => expect(error.message).toBe("killed"));
          expectSound(made, before, rig);
          await rig.clean(cleanBy(made));
          const other = new StateRig(twin);
          await other.clean(cleanBy(made));
          expect(look(rig)).toEqual(look(other));
        } finally {
          rig.dispose();
          rmSync(twin, { recursive: true, force: true });
        }
      }),
      { numRuns: RUNS },
    );
  });
});
