import { canonicalJson } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { PlannedStep } from "../pipeline/plan.ts";
import { checkNeeds } from "./check-needs.ts";
import { runEffect } from "./execute-effect.ts";
import { restoreTask, runTask } from "./execute-task.ts";
import { explainRun } from "./explain-run.ts";
import type { ActiveRun } from "./run-plan.ts";
import { checkSources } from "./sealing.ts";
import type { StepResult } from "./step-result.ts";
import type { StepVerdict } from "./step-verdict.ts";
import { takeManifest, type TakenManifest } from "./take-manifest.ts";

export interface FinishedStep extends StepResult {
  readonly why: string;
  readonly problems: readonly Problem[];
  readonly blueprint: PlannedStep;
}

/** Runs one step whose needs are met: manifest, cache, execution, record. */
export async function runStep(run: ActiveRun, step: PlannedStep, logPath: string): Promise<FinishedStep> {
  const { context, journal } = run;
  const startedAt = context.clock.now();
  const needs = needsOf(run, step);
  const spoilt = await checkNeeds(needs, context);
  if (spoilt.length > 0) return finish(run, step, { verdict: problemVerdict(spoilt), taken: null, startedAt, why: "" });
  const taken = await takeManifest(step, needs, context);
  if (!taken.ok) {
    const verdict = problemVerdict(taken.error);
    return finish(run, step, { verdict, taken: null, startedAt, why: "" });
  }
  await context.runs.saveManifest(taken.value.digest, taken.value.manifest);
  const call = { step, taken: taken.value, needs, logPath, runId: run.runId, context };
  const isEffect = step.action.kind === "effect";
  const explanation = await explainRun(context.runs, { pipeline: context.plan.pipeline, step, taken: taken.value });
  if (step.isSealing) {
    const checked = [...run.finished.values()].flatMap((each) =>
      each.manifest === null ? [] : [{ step: each.blueprint, taken: each.manifest }],
    );
    const problems = await checkSources(checked, context);
    if (problems.length > 0)
      return finish(run, step, { verdict: problemVerdict(problems), taken: taken.value, startedAt, why: "" });
  }
  const restored = isEffect ? null : await restoreTask(call);
  if (restored !== null) {
    return finish(run, step, { verdict: restored, taken: taken.value, startedAt, why: explanation.whenCached });
  }
  await journal.append({
    type: "step-started",
    step: step.name,
    why: isEffect ? "observes first" : explanation.whenRun,
    attempt: 1,
    deadlineAt: new Date(startedAt + step.timeoutMs).toISOString(),
  });
  const verdict = isEffect ? await runEffect({ ...call, journal }) : await runTask(call);
  return finish(run, step, {
    verdict,
    taken: taken.value,
    startedAt,
    why: isEffect ? "" : `ran: ${explanation.whenRun}`,
  });
}

async function finish(
  run: ActiveRun,
  step: PlannedStep,
  ended: {
    readonly verdict: StepVerdict;
    readonly taken: TakenManifest | null;
    readonly startedAt: number;
    /** Why it ran; the verdict's own clause follows. */
    readonly why: string;
  },
): Promise<FinishedStep> {
  const { outputDigests, ...verdict } = ended.verdict;
  const why = [ended.why, verdict.why].filter((part) => part !== "").join("; ");
  await run.journal.append({
    type: "step-ended",
    step: step.name,
    ...verdict,
    why,
    durationMs: run.context.clock.now() - ended.startedAt,
    manifestDigest: ended.taken?.digest ?? null,
    outputs: outputDigests,
    isAllowedFailure: false,
    attempts: verdict.isFromCache ? 0 : 1,
    logDigest: null,
  });
  return {
    step: step.name,
    outcome: verdict.outcome,
    why,
    problems: verdict.problems,
    outputs: step.outputs,
    outputDigests,
    facts: verdict.facts,
    evidence: verdict.evidence,
    manifest: ended.taken,
    blueprint: step,
  };
}

function needsOf(run: ActiveRun, step: PlannedStep): Record<string, StepResult> {
  const needs: Record<string, StepResult> = {};
  for (const [alias, name] of Object.entries(step.needs)) {
    const result = run.finished.get(name);
    if (result === undefined) throw new Error(`${step.name} started before ${name}: ${canonicalJson(step.needs)}`);
    needs[alias] = result;
  }
  return needs;
}

function problemVerdict(problems: readonly Problem[]): StepVerdict {
  return {
    outcome: "failed",
    why: problems[0]?.message ?? "",
    problems,
    isFromCache: false,
    isAlready: false,
    savedMs: 0,
    evidence: [],
    facts: {},
    subject: null,
    outputDigests: {},
  };
}
