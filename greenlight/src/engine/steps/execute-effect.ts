import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { problem } from "../../base/problem.ts";
import type { ApprovalAnswer, ApprovalRequest } from "../approval.ts";
import { modulePath } from "../manifests/module-path.ts";
import { describeCancel, describeFault } from "./describe-fault.ts";
import { asEngine, EffectLog } from "./effect-log.ts";
import type { Effect, EffectContext, NeedResult } from "./effect.ts";
import { bareVerdict } from "./end-step.ts";
import { readEffectResult } from "./read-answer.ts";
import type { Attempt } from "./run-step.ts";
import type { StepResult } from "./step-result.ts";
import type { StepVerdict } from "./step-verdict.ts";

/** Longest span of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** So many times the grace of a process an effect may take to end: it may have to put right what it began. */
const GRACES = 24;

/** Calls an effect in the engine's own process, with its deadline and the run's cancellation in one signal. */
export async function runEffect(call: Attempt): Promise<StepVerdict> {
  const { step } = call;
  const { context } = call.run;
  if (step.action.kind !== "effect") throw new Error(`${step.name} is not an effect`);
  await mkdir(dirname(call.logPath), { recursive: true });
  const log = new EffectLog(call.logPath, context.masking);
  const deadline = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new Error("timed out")),
    Math.min(Math.max(0, call.endsAt - performance.now()), MAX_TIMER_MS),
  );
  const signal = AbortSignal.any([call.signal, deadline.signal]);
  // It may write into the project, and people may while it waits for them.
  context.tree.beginWriting();
  try {
    const url = pathToFileURL(modulePath(step.action.module, context.projectFolder)).href;
    const module = await log.gather(async () => (await import(url)) as Record<string, unknown>);
    const effect = module[step.action.export];
    if (typeof effect !== "function") {
      const message = `${step.action.module} exports no function "${step.action.export}"`;
      return failed("errored", message, [problem("CONFIG_INVALID", { place: step.name, message })]);
    }
    const { args } = step.action;
    const work = log.gather(() =>
      (effect as Effect)(
        args,
        effectContext(call, signal, (line) => log.line(line)),
      ),
    );
    const result = readEffectResult(await endedInTime(work, signal, context.graceMs * GRACES));
    if (result === null) {
      const message = `${step.action.module} answered with something that is no result of an effect`;
      return failed("errored", message, [problem("CONFIG_INVALID", { place: step.name, message })]);
    }
    return { ...result, isFromCache: false, savedMs: 0, outputDigests: {}, logDigest: null, seenAt: null, files: null };
  } catch (error) {
    if (call.signal.aborted) return bareVerdict(describeCancel(call));
    if (deadline.signal.aborted) {
      const limitMs = Math.min(step.timeoutMs, step.retry?.attemptTimeoutMs ?? step.timeoutMs);
      const message = `still ran after ${limitMs / 1000} s and was ended`;
      return failed("failed", message, [problem("STEP_TIMEOUT", { place: step.name, message })]);
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.line(text);
    return bareVerdict(describeFault(error, step.name));
  } finally {
    context.tree.endWriting();
    clearTimeout(timer);
    await log.close();
  }
}

/**
 * An effect is code in this process, so it can't be killed. One that is told to end and does not listen is left to itself: the
 * record goes on without it.
 */
async function endedInTime<Answer>(work: Promise<Answer>, signal: AbortSignal, ms: number): Promise<Answer> {
  const given = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => given.reject(new Error("it was told to end and did not")), ms);
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  try {
    return await Promise.race([work, given.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", begin);
  }
}

function effectContext(call: Attempt, signal: AbortSignal, log: (line: string) => void): EffectContext {
  const { step, taken } = call;
  const { context, journal, runId } = call.run;
  return {
    project: { name: context.plan.project, folder: context.projectFolder, stateFolder: context.stateFolder },
    run: { id: runId, pipeline: context.plan.pipeline, trigger: context.plan.trigger },
    step: step.name,
    needs: Object.fromEntries(
      Object.entries(call.needs).map(([alias, need]) => [alias, needResult(need, context.projectFolder)]),
    ),
    environments: context.plan.environments,
    secrets: Object.fromEntries(step.secrets.map((name) => [name, context.secrets.get(name) ?? ""])),
    environmentSecrets: context.environmentSecrets?.get(step.environment ?? "") ?? {},
    codeHost: context.plan.codeHost,
    quality: context.plan.quality,
    signal,
    mask: (text) => context.masking.text(text),
    log,
    approve: (request) => asEngine(() => approve(call, request, signal)),
    recall: async (subject) => {
      const success = await context.runs.lastSuccess({
        pipeline: context.plan.pipeline,
        step: step.name,
        manifestDigest: taken.digest,
        subject,
      });
      if (success === null) return null;
      return { runId: success.runId, at: success.at, evidence: success.ended.evidence, facts: success.ended.facts };
    },
    blobPath: (digest) => context.blobs.localPath(digest),
    dropDamagedBlobs: async (digests) => {
      for (const digest of digests) await context.blobs.verify(digest);
    },
    view: () => journal.view(),
  };
}

/** Asks for leave, and keeps question and answer in the record. */
async function approve({ step, run }: Attempt, request: ApprovalRequest, signal: AbortSignal): Promise<ApprovalAnswer> {
  const { context, journal } = run;
  const { environment, releaseId, digest } = request;
  journal.append({ type: "approval-wanted", step: step.name, environment, releaseId, digest });
  // Nobody is asked before the question stands in the record.
  await journal.flush();
  const answer = await context.approver(request, signal);
  if (answer.kind !== "waiting") {
    journal.append({
      type: "approval-answered",
      step: step.name,
      environment,
      digest,
      isGranted: answer.kind === "granted",
      by: answer.by,
      how: answer.how,
      why: answer.why,
    });
  }
  return answer;
}

function needResult(need: StepResult, folder: string): NeedResult {
  return {
    step: need.step,
    outputs: Object.fromEntries(Object.entries(need.outputs).map(([name, path]) => [name, join(folder, path)])),
    facts: need.facts,
    evidence: need.evidence,
  };
}

function failed(outcome: StepVerdict["outcome"], why: string, problems: StepVerdict["problems"]): StepVerdict {
  return bareVerdict({ outcome, why, problems });
}
