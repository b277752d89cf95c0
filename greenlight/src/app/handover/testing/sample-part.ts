import type { EventBody, RunEvent, RunResumed, RunStarted, StepEnded } from "../../../engine/event.ts";
import { digestOutputs } from "../../../engine/files/outputs.ts";
import { manifestDigest, type Manifest } from "../../../engine/manifests/manifest.ts";
import type { Outcome } from "../../../engine/outcome.ts";
import { defineProject, pipeline } from "../../../pipeline/define.ts";
import type { StepDefinition } from "../../../pipeline/definition.ts";
import { makeBlueprint } from "../../../pipeline/make-blueprint.ts";
import { makePlan } from "../../../pipeline/make-plan.ts";
import type { Plan } from "../../../pipeline/plan.ts";
import type { PartHead, RunPart, StepOutput } from "../part-file.ts";

export const RUN = "ci-1";

const HEADS = {
  stages: [{ name: "build", steps: [{ name: "a", kind: "task" as const, needs: [], environment: null }] }],
  finally: [],
  dropped: [],
  greenlightVersion: "0.1.0",
  nodeVersion: "26.10.0",
  platform: "linux-x64",
  engine: { pid: 1, startTime: "1" },
};

export const STARTED: RunStarted = {
  type: "run-started",
  project: "shop",
  pipeline: "delivery",
  trigger: { kind: "push", branch: "main", commit: "c0ffee", isDirty: false, who: "kim" },
  selection: "branch",
  ...HEADS,
};

export const RESUMED: RunResumed = {
  type: "run-resumed",
  mode: "stage",
  by: "kim",
  why: "next part",
  again: [],
  ...HEADS,
};

export function stepEnded(step: string, outcome: Outcome = "passed", more: Partial<StepEnded> = {}): StepEnded {
  return {
    type: "step-ended",
    step,
    outcome,
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
    ...more,
  };
}

export function headOf(part: string, more: Partial<PartHead> = {}): PartHead {
  const head = {
    runId: RUN,
    part,
    project: "shop",
    pipeline: "delivery",
    commit: "c0ffee",
    greenlightVersion: "0.1.0",
  };
  return { ...head, after: [], ...more };
}

/** A part that recorded `bodies`, the first of them at `second` seconds past noon. */
export function samplePart(
  name: string,
  bodies: readonly EventBody[],
  options: { readonly second?: number; readonly first?: number; readonly head?: Partial<PartHead> } = {},
): RunPart {
  const { second = 0, first = 1 } = options;
  const events = bodies.map((body, index): RunEvent => ({
    runId: RUN,
    sequence: first + index,
    at: new Date(Date.UTC(2026, 0, 1, 12, 0, second + index)).toISOString(),
    ...body,
  }));
  return { head: headOf(name, options.head), events, manifests: new Map(), results: [] };
}

function sampleManifest(command: string): { readonly manifest: Manifest; readonly digest: string } {
  const manifest: Manifest = {
    schema: 1,
    platform: "linux-x64",
    runtime: "26.10.0",
    action: command,
    variables: {},
    secrets: [],
    env: { CI: null },
    inputs: {},
    modules: {},
    packages: {},
    outputs: { text: "out/text" },
    needs: {},
  };
  return { manifest, digest: manifestDigest(manifest) };
}

/** A part in which the step `a` wrote one file, whose digest is given. */
export function partWithOutput(digest: string, more: Partial<StepOutput> = {}): RunPart {
  const { manifest, digest: key } = sampleManifest("x");
  const result: StepOutput = {
    step: "a",
    manifestDigest: key,
    outputs: { text: [{ path: "out/text", digest, isExecutable: false }] },
    references: [],
    logDigest: null,
    durationMs: 5,
    isCacheable: true,
    ...more,
  };
  const ended = stepEnded("a", "passed", { manifestDigest: key, outputs: digestOutputs(result.outputs) });
  return { ...samplePart("build-0-1", [STARTED, ended]), manifests: new Map([[key, manifest]]), results: [result] };
}

/** The plan of a pipeline for a push to main at the commit of the sample parts. */
export function planOf(
  stages: Readonly<Record<string, readonly StepDefinition[]>>,
  last: readonly StepDefinition[] = [],
): Plan {
  const project = defineProject({ name: "shop", pipelines: { delivery: pipeline({ stages, finally: last }) } });
  const made = makeBlueprint(project, "c");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const { trigger } = STARTED;
  const planned = makePlan(made.value, { pipeline: "delivery", trigger, selection: "branch" });
  if (!planned.ok) throw new Error(JSON.stringify(planned.error));
  return planned.value;
}
