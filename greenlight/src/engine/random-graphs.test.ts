import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { RunDatabase } from "../adapters/stores/sqlite/run-database.ts";
import type { RunEvent } from "./event.ts";
import { brokenInvariants, KILLED, processesIn } from "./testing/engine-invariants.ts";
import { expectedOutcomes } from "./testing/graph-model.ts";
import { randomFrom, randomGraph } from "./testing/random-graph.ts";
import { Rig } from "./testing/rig.ts";

/** Many graphs belong to the heavy tests; a few show each time that the invariants are still looked at. */
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const COUNT = IS_HEAVY ? 400 : 6;
const KILLED_COUNT = IS_HEAVY ? 300 : 2;
const FIRST = Number(process.env["GREENLIGHT_SEED"] ?? 1);

describe("random graphs, first seed " + String(FIRST), () => {
  test(`${COUNT} run to the outcomes that the rules give, and again from the cache without running what passed`, async () => {
    for (let seed = FIRST; seed < FIRST + COUNT; seed += 1) {
      const graph = randomGraph(seed);
      const rig = new Rig();
      try {
        for (const { definition } of graph.steps) rig.write(`in/${definition.name}.txt`, definition.name);
        const first = await rig.run(graph.stages, { concurrency: 3 });
        const { events, view } = first;
        expect(await brokenInvariants({ folder: rig.folder, graph, events }), `seed ${seed}`).toEqual([]);
        const outcomes = view.stages.flatMap((stage) => stage.steps.map((step) => [step.name, step.outcome]));
        expect(Object.fromEntries(outcomes), `seed ${seed}`).toEqual(expectedOutcomes(graph));
        const again = await rig.run(graph.stages, { concurrency: 3 });
        for (const { definition } of graph.steps) {
          const before = view.stages.flatMap((stage) => stage.steps).find((each) => each.name === definition.name);
          // A need that failed at first and passes now puts out something new.
          const isSame = Object.keys(definition.needs).every(
            (need) => first.step(need).outcome === again.step(need).outcome,
          );
          const isCacheable = before?.outcome === "passed" && definition.inputs !== null && isSame;
          const after = again.step(definition.name);
          if (isCacheable && after.outcome === "passed")
            expect(after.isFromCache, `seed ${seed}: ${after.why}`).toBe(true);
        }
      } finally {
        rig.dispose();
      }
    }
  }, 600_000);

  test(`${COUNT} that are cancelled somewhere leave nothing behind and a closed record, and can be resumed`, async () => {
    for (let seed = FIRST; seed < FIRST + COUNT; seed += 1) {
      const graph = randomGraph(seed);
      const rig = new Rig();
      const random = randomFrom(seed);
      let left = Math.floor(random() * graph.steps.length * 2);
      const cancel = new AbortController();
      try {
        for (const { definition } of graph.steps) rig.write(`in/${definition.name}.txt`, definition.name);
        const first = await rig.run(graph.stages, {
          runId: "run",
          concurrency: 3,
          signal: cancel.signal,
          onEvent: () => {
            left -= 1;
            if (left === 0) cancel.abort();
          },
        });
        expect(await brokenInvariants({ folder: rig.folder, graph, events: first.events }), `seed ${seed}`).toEqual([]);
        appendFileSync(join(rig.folder, "trace"), `${KILLED}\n`);
        const resume = { mode: "resume", by: "test", why: "cancelled", again: [] } as const;
        const second = await rig.run(graph.stages, { runId: "run", concurrency: 3, resume });
        const events = [...first.events, ...second.events];
        expect(await brokenInvariants({ folder: rig.folder, graph, events }), `seed ${seed}, resumed`).toEqual([]);
        expect(second.view.outcome).not.toBe("cancelled");
      } finally {
        rig.dispose();
      }
    }
  }, 600_000);

  test(`${KILLED_COUNT} whose engine is killed twice lose nothing that was recorded, and are resumed to their end`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "greenlight-doomed-"));
    try {
      const engine = join(import.meta.dirname, "testing", "doomed-engine.ts");
      const args = [engine, folder, String(FIRST), String(FIRST + KILLED_COUNT)];
      for (let deaths = 0; ; deaths += 1) {
        expect(deaths).toBeLessThanOrEqual(2 * KILLED_COUNT);
        const { signal, status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 120_000 });
        if (status === 0) break;
        expect({ signal, stderr }).toMatchObject({ signal: "SIGKILL" });
        for (const seed of readdirSync(folder)) {
          if (existsSync(join(folder, seed, "done"))) continue;
          // A program that was just being started may still write its first line before the guard ends it.
          for (let wait = 0; wait < 100 && processesIn(join(folder, seed)).length > 0; wait += 1) await sleep(30);
          appendFileSync(join(folder, seed, "trace"), `${KILLED}\n`);
        }
      }
      for (let seed = FIRST; seed < FIRST + KILLED_COUNT; seed += 1) {
        const place = join(folder, String(seed));
        const runs = new RunDatabase(join(place, ".greenlight/runs.sqlite"));
        const events: readonly RunEvent[] = await runs.events("run");
        await runs.close();
        const graph = randomGraph(seed);
        expect(await brokenInvariants({ folder: place, graph, events }), `seed ${seed}`).toEqual([]);
      }
    } finally {
      for (const left of readdirSync(folder).flatMap((seed) => processesIn(join(folder, seed)))) {
        process.kill(Number(left.split(" ")[0]), "SIGKILL");
      }
      rmSync(folder, { recursive: true, force: true });
    }
  }, 900_000);
});
