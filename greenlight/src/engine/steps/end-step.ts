import { monotonicMs } from "../../base/monotonic.ts";
import type { StepCall } from "../active-run.ts";
import type { StepEnded } from "../event.ts";
import type { FinishedStep } from "../finished-step.ts";
import type { TakenManifest } from "../manifests/take-manifest.ts";
import { isBad } from "../outcome.ts";
import type { StepVerdict } from "./step-verdict.ts";

/** What is known of a step's end besides its verdict. */
export interface StepEnd {
  readonly taken: TakenManifest | null;
  /** When the manifest itself was not taken, as it is known to be the same. */
  readonly manifestDigest?: string;
  /** When it began, by `monotonicMs`: a clock that is set meanwhile changes no duration. */
  readonly begunAt: number;
  readonly attempts: number;
}

const NEVER_STARTED: Omit<StepVerdict, "outcome" | "why" | "problems"> = {
  isFromCache: false,
  isAlready: false,
  savedMs: 0,
  evidence: [],
  facts: {},
  subject: null,
  outputDigests: {},
  logDigest: null,
  seenAt: null,
  files: null,
};

/** A verdict of a step that got no further than its problems. */
export function bareVerdict(how: Pick<StepVerdict, "outcome" | "why" | "problems">): StepVerdict {
  return { ...NEVER_STARTED, ...how };
}

/** Records how a step ended. A failure that is allowed counts as `warned` and stays visible. */
export function endStep(
  call: StepCall,
  how: Pick<StepVerdict, "outcome" | "why" | "problems"> | StepVerdict,
  end: StepEnd | null = null,
): FinishedStep {
  const { run, step } = call;
  const verdict: StepVerdict = { ...NEVER_STARTED, ...how };
  const isAllowedFailure = step.allowFailure && isBad(verdict.outcome);
  const ended: Omit<StepEnded, "type" | "step"> = {
    outcome: isAllowedFailure ? "warned" : verdict.outcome,
    why: isAllowedFailure ? `${verdict.outcome}, which is allowed: ${verdict.why}` : verdict.why,
    isFromCache: verdict.isFromCache,
    isAlready: verdict.isAlready,
    isAllowedFailure,
    attempts: end?.attempts ?? 0,
    durationMs: end === null ? 0 : Math.round(monotonicMs() - end.begunAt),
    savedMs: verdict.savedMs,
    problems: verdict.problems,
    evidence: verdict.evidence,
    manifestDigest: end?.taken?.digest ?? end?.manifestDigest ?? null,
    outputs: verdict.outputDigests,
    facts: verdict.facts,
    subject: verdict.subject,
    logDigest: verdict.logDigest,
  };
  // What others are told is what was recorded: without secrets, and the same after a resume.
  const recorded = run.journal.append({ type: "step-ended", step: step.name, ...ended });
  return {
    step: step.name,
    outcome: recorded.outcome,
    why: recorded.why,
    problems: recorded.problems,
    isAllowedFailure,
    outputs: step.outputs,
    outputDigests: recorded.outputs,
    facts: recorded.facts,
    evidence: recorded.evidence,
    manifest: run.keepsManifests ? (end?.taken ?? null) : null,
    seenAt: verdict.seenAt,
    blueprint: step,
  };
}
