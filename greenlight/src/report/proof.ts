import type { StepView, RunView } from "../engine/run-view.ts";
import type { Evidence } from "../evidence/evidence.ts";

/** A piece of evidence with the step that brought it. */
export interface Proof<Kind extends Evidence["kind"]> {
  readonly stage: string;
  readonly step: StepView;
  readonly evidence: Extract<Evidence, { kind: Kind }>;
}

/** All evidence of one kind, in the order of the run's steps. */
export function proofsOf<Kind extends Evidence["kind"]>(view: RunView, kind: Kind): readonly Proof<Kind>[] {
  const isOfKind = (evidence: Evidence): evidence is Extract<Evidence, { kind: Kind }> => evidence.kind === kind;
  return view.stages.flatMap((stage) =>
    stage.steps.flatMap((step) =>
      step.evidence.filter(isOfKind).map((evidence) => ({ stage: stage.name, step, evidence })),
    ),
  );
}
