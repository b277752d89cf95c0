import { describe, expect, test } from "vitest";

import { DEFAULT_BAKING } from "../../deployment/gates/baking-policy.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import { deployGates } from "./deploy-gates.ts";
import { recordingSettings } from "./recording-settings.ts";

const manifest = {
  schema: 1,
  name: "films",
  platform: "any",
  start: { command: "node", arguments: [], folder: ".", readyPath: "/ready", healthPath: "/health" },
  modelPath: null,
  data: {},
  configuration: {},
  files: [],
} as const;

function gates(change: Partial<EnvironmentDefinition>) {
  const target = { kind: "processes", module: "m", isLocal: true, options: {} };
  return deployGates({
    definition: { target, branches: [], ...change },
    smoke: [],
    manifest,
    blobPath: () => null,
    projectFolder: "/nowhere",
    env: {},
    log: () => {},
  });
}

describe("the gates of a definition", () => {
  test("are none but baking as usual, where it says nothing", () => {
    expect(gates({})).toEqual({ smoke: null, replay: null, baking: DEFAULT_BAKING });
  });

  test("keep what holds otherwise, where a member is undefined", () => {
    const baking = { maximumErrorPercent: 1, extendMs: undefined } as unknown as NonNullable<
      EnvironmentDefinition["baking"]
    >;
    expect(gates({ baking }).baking).toEqual({ ...DEFAULT_BAKING, maximumErrorPercent: 1 });
    const record = { requests: [], share: undefined } as unknown as NonNullable<EnvironmentDefinition["record"]>;
    const settings = recordingSettings({ record } as unknown as EnvironmentDefinition);
    expect(settings).toMatchObject({ share: 1, perSecond: 5, requests: [] });
  });

  test("wait for as many good answers as they are told", () => {
    expect(gates({ health: { inARow: 5 } }).readyCount).toBe(5);
  });
});
