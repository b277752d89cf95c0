import { err, ok } from "../../base/result.ts";
import { DEFAULT_BAKING } from "../../deployment/gates/baking-policy.ts";
import type { DeployGates } from "../../deployment/gates/gate-record.ts";
import type { SwitchGate } from "../../deployment/gates/gate.ts";
import { modelDigest } from "../../deployment/gates/model-digest.ts";
import { replayGate } from "../../deployment/gates/replay-gate.ts";
import type { ReplayPolicy } from "../../deployment/gates/replay-policy.ts";
import { stepEnvironment } from "../../engine/steps/step-environment.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import type { ReplayDefinition } from "../../pipeline/gates-definition.ts";
import type { ReleaseManifest } from "../../release/manifest.ts";
import type { SmokeCheck } from "../probing/smoke-check.ts";
import { given } from "./given.ts";
import { offlineScorer } from "./offline-scorer.ts";
import { smokeGate } from "./smoke-gate.ts";

export interface GatedRelease {
  readonly definition: EnvironmentDefinition;
  readonly smoke: readonly SmokeCheck[];
  readonly manifest: ReleaseManifest;
  /** The local file that holds a blob; null when it is not here. */
  blobPath(digest: string): string | null;
  readonly projectFolder: string;
  /** The variables that a step without declared ones would see are taken from these. */
  readonly env: Readonly<Record<string, string | undefined>>;
  log(line: string): void;
}

/** What holds where a definition says nothing. */
export const DEFAULT_REPLAY = {
  limit: 100,
  minimum: 10,
  tolerance: 1e-6,
  timeoutMs: 5000,
  p95Ms: null,
  memoryMb: null,
  memoryRatio: 2,
  whenInconclusive: "hold",
} as const;
const IGNORED = ["predictionId", "batchId", "requestId", "releaseId"];
const SCORE_TIMEOUT_MS = 120_000;

/** The gates that a deployment passes, as its environment's definition and its own step declare them. */
export function deployGates(release: GatedRelease): DeployGates {
  const { definition, smoke } = release;
  return {
    smoke: smoke.length === 0 ? null : smokeGate(smoke),
    replay: definition.replay === undefined ? null : declaredReplay(definition.replay, release),
    ...(definition.health?.inARow === undefined ? {} : { readyCount: definition.health.inARow }),
    baking: { ...DEFAULT_BAKING, ...given(definition.baking ?? {}) },
  };
}

function declaredReplay(replay: ReplayDefinition, release: GatedRelease): SwitchGate {
  const { score, ignore = [], samples = [], ...settings } = replay;
  const policy: ReplayPolicy = {
    ...DEFAULT_REPLAY,
    ...given(settings),
    ignore: [...IGNORED, ...ignore],
    samples: samples.map(({ method, path, body = null }) => ({ method, path, body })),
  };
  if (score === undefined) return replayGate(policy, null);
  const { projectFolder, env } = release;
  const digest = modelDigest(release.manifest);
  const scorer = offlineScorer({
    run: score.run,
    timeoutMs: score.timeoutMs ?? SCORE_TIMEOUT_MS,
    projectFolder,
    env: stepEnvironment({
      projectFolder,
      declared: [],
      variables: {},
      secrets: [],
      secretValues: new Map(),
      from: env,
    }),
    modelPath: () => {
      if (digest === null) return ok(null);
      const path = release.blobPath(digest);
      return path === null
        ? err("the file of the release's model is not here, so that nothing can be scored")
        : ok(path);
    },
    log: (line) => release.log(line),
  });
  return replayGate(policy, scorer);
}
