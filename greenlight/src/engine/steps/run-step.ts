import { setTimeout as sleep } from "node:timers/promises";

import { monotonicMs } from "../../base/monotonic.ts";
import { problem, type Problem } from "../../base/problem.ts";
import type { TestsEvidence } from "../../evidence/evidence.ts";
import type { StepCall } from "../active-run.ts";
import { failedTestsOf } from "../findings/flaky-tests.ts";
import type { FinishedStep } from "../finished-step.ts";
import { explainRun } from "../manifests/explain-run.ts";
import { checkSources } from "../manifests/sealing.ts";
import { takeManifest, type TakenManifest } from "../manifests/take-manifest.ts";
import { restoreTask } from "../reuse/restore-task.ts";
import { reuseStamped } from "../reuse/reuse-stamped.ts";
import { lacksRuntime } from "../runtimes/step-runtime.ts";
import { checkNeeds } from "./check-needs.ts";
import { describeCancel, describeFault } from "./describe-fault.ts";
import { bareVerdict, endStep } from "./end-step.ts";
import { runEffect } from "./execute-effect.ts";
import { runTask } from "./execute-task.ts";
import { logPath } from "./log-path.ts";
import { needsOf } from "./needs-of.ts";
import { describeNoTime, isRetried, retryDelayMs } from "./retry.ts";
import type { StepResult } from "./step-result.ts";
import type { StepVerdict } from "./step-verdict.ts";

/** One attempt at a step. */
export interface Attempt extends StepCall {
  readonly taken: TakenManifest;
  readonly needs: Readonly<Record<string, StepResult>>;
  readonly logPath: string;
  /** When the attempt is ended, by `performance.now()`. */
  readonly endsAt: number;
  /** Tests that failed in earlier attempts of this step in this run. */
  readonly failedBefore: readonly TestsEvidence["failures"][number][];
}

/** Runs one step whose needs are met: manifest, cache, attempts, record. */
export async function runStep(call: StepCall): Promise<FinishedStep> {
  const { run, step } = call;
  const { context } = run;
  const startedAt = context.clock.now();
  const begunAt = monotonicMs();
  const needs = needsOf(run, step);
  const refuse = (problems: readonly Problem[], taken: TakenManifest | null): FinishedStep =>
    endStep(call, failedBy(problems), { taken, begunAt, attempts: 0 });
  const spoilt = await checkNeeds(needs, context);
  if (spoilt.length > 0) return refuse(spoilt, null);
  const lacks = await lacksRuntime(step, context);
  if (lacks !== null) return endStep(call, lacks, { taken: null, begunAt, attempts: 0 });
  // A stamp knows no runtime that was changed meanwhile.
  const reused = step.runtime === null ? await reuseStamped(call, needs) : null;
  if (reused !== null) return reused;
  const took = await takeManifest(step, needs, context);
  if (!took.ok) return refuse(took.error, null);
  let taken = took.value;
  const isEffect = step.action.kind === "effect";
  const { masking } = context;
  const explanation = await explainRun(context.runs, {
    pipeline: context.plan.pipeline,
    step,
    taken,
    masking,
    isAskedFor: run.again.has(step.name),
  });
  if (!explanation.isKnown) await context.runs.saveManifest(taken.digest, masking.json(taken.manifest));
  if (step.isSealing) {
    const changed = await checkSources(checkedSteps(call), context);
    if (changed.length > 0) return refuse(changed, taken);
  }
  let { whenRun } = explanation;
  if (!isEffect && !run.again.has(step.name)) {
    const restored = await restoreTask(call, { taken, onTooOld: (why) => (whenRun = why) });
    if (restored !== null) {
      const isBadNow = restored.outcome === "failed";
      const why = join(isBadNow ? "its report of the same inputs is kept" : explanation.whenCached, restored.why);
      noteResult(restored, explanation.isKnown ? explanation.lastRunId : null);
      return endStep(call, { ...restored, why }, { taken, begunAt, attempts: 0 });
    }
  }
  const path = logPath(context.stateFolder, run.runId, step.name);
  const before = run.mode === "resume" ? run.earlier.get(step.name) : undefined;
  // Pending with a deadline: the engine that went on with it died, too, before it had begun it again.
  const isInterrupted = before?.outcome === "running" || before?.outcome === "pending";
  const deadlineMs =
    isInterrupted && before.deadlineAt !== null ? Date.parse(before.deadlineAt) : startedAt + step.timeoutMs;
  const deadlineAt = new Date(deadlineMs).toISOString();
  // From here on a clock that is set changes nothing.
  const leftMs = (): number => deadlineMs - startedAt - (monotonicMs() - begunAt);
  let attempt = isInterrupted ? Math.max(1, before.attempts + (before.retries.some(isLast) ? 1 : 0)) : 1;
  const failedBefore: TestsEvidence["failures"][number][] = [];
  for (let why = isEffect ? "observes first" : whenRun; ;) {
    run.journal.append({ type: "step-started", step: step.name, why, attempt, deadlineAt });
    const attemptMs = Math.min(leftMs(), step.retry?.attemptTimeoutMs ?? Number.POSITIVE_INFINITY);
    const verdict =
      attemptMs > 0
        ? await execute({ ...call, taken, needs, logPath: path, endsAt: performance.now() + attemptMs, failedBefore })
        : tooLate(call, deadlineAt);
    const delayMs = retryDelayMs(step.retry, attempt);
    const ended = { verdict, attempt, leftMs: leftMs() - delayMs };
    if (!isRetried(step.retry, ended) || call.signal.aborted) {
      const told = isEffect ? verdict.why : join(`ran: ${whenRun}`, verdict.why);
      noteResult(verdict, null);
      const many = attempt > 1 ? join(told, `attempt ${attempt} of ${step.retry?.attempts ?? attempt}`) : told;
      const noTime = call.signal.aborted ? null : describeNoTime(step.retry, ended);
      const whole = noTime === null ? many : join(many, noTime);
      return endStep(call, { ...verdict, why: whole }, { taken, begunAt, attempts: attempt });
    }
    const { outcome, problems } = verdict;
    const failedTests = failedTestsOf(verdict.evidence);
    failedBefore.push(...failedTests);
    run.journal.append({
      type: "step-retrying",
      step: step.name,
      attempt,
      outcome,
      why: verdict.why,
      problems,
      ...(failedTests.length === 0 ? {} : { failedTests }),
      delayMs,
      ...(step.retry === null ? {} : { attemptLimit: step.retry.attempts }),
    });
    try {
      await sleep(delayMs, undefined, { signal: call.signal });
    } catch {
      return endStep(call, describeCancel(call), { taken, begunAt, attempts: attempt });
    }
    context.tree.forget();
    attempt += 1;
    why = `attempt ${attempt}, after: ${verdict.why}`;
    // What failed may have been mended meanwhile: the attempt's result is kept under what it really read.
    const again = await takeManifest(step, needs, context);
    if (!again.ok) return refuse(again.error, taken);
    if (again.value.digest !== taken.digest)
      await context.runs.saveManifest(again.value.digest, masking.json(again.value.manifest));
    taken = again.value;
  }

  /** `runId`: whose success it still is; null: this run's. */
  function noteResult(verdict: StepVerdict, runId: string | null): void {
    const { files, outcome, outputDigests, savedMs, logDigest } = verdict;
    if (files === null || outcome !== "passed") return;
    const durationMs = Math.round(monotonicMs() - begunAt);
    const result = { savedMs: verdict.isFromCache ? savedMs : durationMs, outputDigests, logDigest };
    run.stamps.note(call, { taken, needs, files, runId: runId ?? run.runId, ...result });
  }

  function isLast(retry: { readonly attempt: number }): boolean {
    return retry.attempt === before?.attempts;
  }
}

async function execute(attempt: Attempt): Promise<StepVerdict> {
  const { step, signal } = attempt;
  try {
    return await (step.action.kind === "effect" ? runEffect(attempt) : runTask(attempt));
  } catch (error) {
    return bareVerdict(signal.aborted ? describeCancel(attempt) : describeFault(error, step.name));
  }
}

function tooLate({ step, run }: StepCall, deadlineAt: string): StepVerdict {
  const message = `its deadline passed at ${deadlineAt}, before it could go on`;
  const remedy = `give it a new one: greenlight retry ${run.runId}`;
  const problems = [problem("STEP_TIMEOUT", { place: step.name, message, remedy })];
  return bareVerdict({ outcome: "failed", why: message, problems });
}

function checkedSteps({ run }: StepCall): Parameters<typeof checkSources>[0] {
  return [...run.finished.values()].flatMap((each) =>
    each.manifest === null ? [] : [{ step: each.blueprint, taken: each.manifest }],
  );
}

function failedBy(problems: readonly Problem[]): StepVerdict {
  return bareVerdict({ outcome: "failed", why: problems[0]?.message ?? "", problems });
}

function join(...clauses: readonly string[]): string {
  return clauses.filter((clause) => clause !== "").join("; ");
}
