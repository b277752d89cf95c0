import type { EffectContext, NeedResult, RecalledEffect } from "../../../engine/steps/effect.ts";
import type { Evidence } from "../../../evidence/evidence.ts";

export interface ContextOptions {
  readonly needs?: Readonly<Record<string, NeedResult>>;
  readonly recalled?: RecalledEffect;
  readonly signal?: AbortSignal;
}

export interface ObservedContext extends EffectContext {
  readonly lines: readonly string[];
  readonly recalledSubjects: readonly string[];
}

/** What the engine hands an effect, with nothing remembered unless `recalled` says so. */
export function effectContext(options: ContextOptions = {}): ObservedContext {
  const lines: string[] = [];
  const recalledSubjects: string[] = [];
  return {
    project: { name: "movies", folder: "/project", stateFolder: "/project/.greenlight" },
    run: {
      id: "run1",
      pipeline: "delivery",
      trigger: { kind: "manual", branch: "main", commit: null, isDirty: false, who: "ada" },
    },
    step: "the step",
    needs: options.needs ?? {},
    secrets: {},
    environmentSecrets: {},
    codeHost: null,
    quality: null,
    mask: (text) => text,
    environments: {},
    signal: options.signal ?? new AbortController().signal,
    lines,
    recalledSubjects,
    log: (line) => lines.push(line),
    approve: () => Promise.reject(new Error("asks nobody")),
    recall: (subject) => {
      recalledSubjects.push(subject);
      return Promise.resolve(options.recalled ?? null);
    },
    blobPath: () => Promise.reject(new Error("reads no blob")),
    dropDamagedBlobs: async () => undefined,
    view: () => {
      throw new Error("looks at no run");
    },
  };
}

/** The result of a deploy step into `environment`, whose service answers at `url`. */
export function deploymentNeed(url: string, environment = "staging"): NeedResult {
  const facts = { environment, url, deploymentId: `d-${environment}`, releaseId: "movies-1f2e3d", digest: "aa" };
  return { step: `deploy to ${environment}`, outputs: {}, facts, evidence: [] };
}

export function recalled(evidence: readonly Evidence[]): RecalledEffect {
  return { runId: "run0", at: "2026-01-01T00:00:00.000Z", evidence, facts: {} };
}
