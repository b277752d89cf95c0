import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  enterState,
  intendStep,
  observeStep,
  parseDeployment,
  stateOf,
  type Deployment,
} from "../../../deployment/deployment.ts";
import { mustSurvivePowerCut } from "../../../deployment/record-durability.ts";
import { recordOf } from "../../../deployment/testing/contract-records.ts";
import { readDeployments, writeDeployment } from "./deployment-records.ts";
import { DEFAULT_OPTIONS, type ProcessesOptions } from "./options.ts";
import { placeOf, type Place } from "./place.ts";
import { prune } from "./prune.ts";

const ID = "01k0000000000000";
const NOW = Date.parse("2026-01-01T00:00:00Z");

let folder: string;
let place: Place;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-records-"));
  place = placeOf("production", folder, { ...DEFAULT_OPTIONS, port: 1 } as ProcessesOptions);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function begun(id = ID): Deployment {
  const whole = parseDeployment(recordOf(id)) as Deployment;
  return { ...whole, transitions: [{ state: "preflight", at: new Date(NOW).toISOString(), why: "" }] };
}

const enter = (state: "health" | "switching" | "baking" | "rolling-back" | "succeeded") => (deployment: Deployment) =>
  enterState(deployment, { state, why: "", failure: null }, NOW);
const intend = (effect: string) => (deployment: Deployment) => intendStep(deployment, effect, NOW);
const observe = (deployment: Deployment) => observeStep(deployment, [], NOW + 1);

const write = async (deployment: Deployment): Promise<Deployment> => {
  expect(await writeDeployment(place, deployment)).toEqual([]);
  return deployment;
};
const read = async (): Promise<Deployment | undefined> => (await readDeployments(place))[0];
const inFolder = (name: string): string => join(place.paths.deployments, name);

describe("a deployment's record", () => {
  test("is on disk before what has to be recorded first, and when it has ended; between them it waits for no disk", async () => {
    const health = await write(enter("health")(begun()));
    expect([await read(), readdirSync(inFolder(""))]).toEqual([health, [`${ID}.latest.json`]]);
    const switching = await write(intend("switch-to-green")(enter("switching")(health)));
    expect([await read(), readdirSync(inFolder(""))]).toEqual([switching, [`${ID}.json`]]);
    const missed = await write(intend("judge-smoke")(observe(switching)));
    expect(readdirSync(inFolder("")).toSorted()).toEqual([`${ID}.json`, `${ID}.latest.json`]);
    expect(await read()).toEqual(missed);
    // What was found wanting must not get a second trial.
    const switched = await write(enter("rolling-back")(missed));
    expect([await read(), readdirSync(inFolder(""))]).toEqual([switched, [`${ID}.json`]]);
    const ended = await write(enter("succeeded")(switched));
    expect([await read(), readdirSync(inFolder(""))]).toEqual([ended, [`${ID}.json`]]);
  });

  test("is after a power cut what it was on disk or later, whatever became of the rest", async () => {
    const moves = [
      enter("health"),
      enter("switching"),
      enter("baking"),
      enter("rolling-back"),
      enter("succeeded"),
      intend("judge-smoke"),
      intend("start-green"),
      intend("switch-to-green"),
      observe,
    ];
    const fates = fc.constantFrom("kept", "empty", "torn", "gone");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...moves), { maxLength: 12 }), fates, async (story, fate) => {
        rmSync(inFolder(""), { recursive: true, force: true });
        let now = await write(begun());
        let safe: Deployment | undefined;
        for (const move of story) {
          now = await write(move(now));
          if (mustSurvivePowerCut(now)) safe = now;
          expect(await read()).toEqual(now);
        }
        loseLatest(fate);
        const found = await read();
        if (fate === "kept") expect(found).toEqual(now);
        else expect(found).toEqual(readdirSync(inFolder("")).includes(`${ID}.json`) ? safe : undefined);
      }),
      { numRuns: 60 },
    );
  });

  test("is never an older one that could not be removed", async () => {
    const health = await write(enter("health")(begun()));
    const left = readFileSync(inFolder(`${ID}.latest.json`));
    const ended = await write(enter("succeeded")(health));
    writeFileSync(inFolder(`${ID}.latest.json`), left);
    expect(await read()).toEqual(ended);
  });

  test("that another controller has closed stays closed, however much a superseded one had written", async () => {
    let stale = enter("health")({ ...begun(), epoch: 1 });
    for (let step = 0; step < 5; step += 1) stale = observe(intend("judge-smoke")(stale));
    const closed = enter("succeeded")({ ...begun(), epoch: 2 });
    await write(closed);
    writeFileSync(inFolder(`${ID}.latest.json`), JSON.stringify(stale));
    expect(stateOf((await read()) as Deployment)).toBe("succeeded");
  });

  test("is listed once, newest first, and goes with all its files", async () => {
    const ids = Array.from({ length: 101 }, (_, index) => `01k0000000000${String(index).padStart(3, "0")}`);
    for (const id of ids) await write(intend("switch-to-green")(begun(id)));
    for (const id of ids.slice(0, 2)) await write(observe(intend("switch-to-green")(begun(id))));
    expect((await readDeployments(place)).map(({ id }) => id)).toEqual(ids.toReversed());
    expect(await prune(place, [])).toEqual([]);
    expect((await readDeployments(place)).map(({ id }) => id)).toEqual(ids.slice(1).toReversed());
    expect(readdirSync(inFolder("")).filter((name) => name.startsWith(ids[0] ?? ""))).toEqual([]);
  });
});

function loseLatest(fate: "kept" | "empty" | "torn" | "gone"): void {
  const path = inFolder(`${ID}.latest.json`);
  if (fate === "kept" || !readdirSync(inFolder("")).includes(`${ID}.latest.json`)) return;
  if (fate === "gone") rmSync(path);
  else writeFileSync(path, fate === "empty" ? "" : readFileSync(path).subarray(0, 40));
}
