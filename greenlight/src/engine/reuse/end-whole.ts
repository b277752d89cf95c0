import type { StepCall } from "../active-run.ts";
import type { FinishedStep } from "../finished-step.ts";
import type { StepStamp } from "../manifests/step-stamp.ts";
import { endStep } from "../steps/end-step.ts";

/** Ends a step whose stamp holds and whose outputs are in place. `seenAt`: the tree's generation before they were looked at. */
export function endWhole(
  call: StepCall,
  stamp: StepStamp,
  when: { readonly seenAt: number | null; readonly begunAt: number },
): FinishedStep {
  return endStep(
    call,
    {
      outcome: "passed",
      why: `nothing changed since run ${stamp.runId}`,
      isFromCache: true,
      isAlready: false,
      savedMs: stamp.savedMs,
      problems: [],
      evidence: [],
      outputDigests: stamp.outputDigests,
      facts: {},
      subject: null,
      logDigest: stamp.logDigest,
      seenAt: when.seenAt,
      files: null,
    },
    { taken: null, manifestDigest: stamp.manifestDigest, begunAt: when.begunAt, attempts: 0 },
  );
}
