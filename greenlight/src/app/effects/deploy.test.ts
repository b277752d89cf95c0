import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { FakeWorld } from "../../deployment/testing/fake-world.ts";
import { requestFor } from "../../deployment/testing/requests.ts";
import type { EffectResult } from "../../engine/steps/effect.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import { effectContext } from "../probing/testing/effect-context.ts";
import { deploy } from "./deploy.ts";

const MODULE = `export const connect = () => globalThis.greenlightTestWorld.target("the effect");`;

const FILE = { path: "main.js", digest: "a".repeat(64), sizeBytes: 1, isExecutable: false };

describe("the deploy step", () => {
  let folder: string;
  let world: FakeWorld;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "deploy-effect-"));
    await writeFile(join(folder, "target.mjs"), MODULE);
    world = new FakeWorld();
    Object.assign(globalThis, { greenlightTestWorld: world });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function run(label: string, change: Partial<EnvironmentDefinition>, args = {}): Promise<EffectResult> {
    const path = join(folder, `${label}.json`);
    await writeFile(path, JSON.stringify({ ...requestFor(label).manifest, files: [FILE] }));
    const target = { kind: "fake", module: "./target.mjs", isLocal: true, options: {} };
    const context = {
      ...effectContext({ needs: { release: { step: "bundle", outputs: { release: path }, facts: {}, evidence: [] } } }),
      project: { name: "films", folder, stateFolder: join(folder, ".greenlight") },
      environments: { staging: { target, branches: [], ...change } },
      blobPath: async () => "/blob",
    };
    return deploy({ environment: "staging", ...args }, context);
  }

  test("passes, and its evidence holds what each gate found out", async () => {
    const check = { name: "it answers", path: "/rate", expect: { fields: { rating: { min: 0, max: 10 } } } };
    world.answer = () => ({ status: 200, body: '{"rating":7}' });
    const result = await run("a", {}, { smoke: [check] });
    expect(result).toMatchObject({ outcome: "passed", problems: [] });
    const [evidence] = result.evidence;
    expect(evidence?.kind === "deployment" && evidence.gates?.map(({ gate, verdict }) => [gate, verdict])).toEqual([
      ["smoke", "pass"],
      ["baking", "pass"],
    ]);
  });

  test("fails with the check that failed, and the release has no traffic", async () => {
    world.answer = () => ({ status: 200, body: '{"rating":11}' });
    const check = { name: "it answers", path: "/rate", expect: { fields: { rating: { min: 0, max: 10 } } } };
    const result = await run("a", {}, { smoke: [check] });
    expect(result).toMatchObject({ outcome: "failed", problems: [{ code: "SMOKE_TEST_FAILED" }] });
    expect(world.route.live).toBeNull();
  });

  test("warns of a gate that let a release on without a verdict", async () => {
    const rate = { method: "POST", path: "/rate" } as const;
    const result = await run("a", {
      record: { requests: [rate] },
      replay: { requests: [rate] },
      baking: { needsTraffic: true, extendMs: 0, whenInconclusive: "warn" },
    });
    expect(result.outcome).toBe("warned");
    expect(result.why).toContain("no verdict of the replay gate: only 0 answers");
    expect(result.why).toContain("no verdict of the baking gate: only 0 requests of users");
  });

  test("refuses checks that are none", async () => {
    await expect(run("a", {}, { smoke: [{ name: "x", path: "no slash" }] })).rejects.toThrow("CONFIG_INVALID");
  });
});
