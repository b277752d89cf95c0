import { statSync } from "node:fs";
import { dirname, join } from "node:path";

import { digestFile } from "../../base/file-digest.ts";
import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import { judgeEvidence } from "../../evidence/judge.ts";
import { whyNotKept } from "../../evidence/keeping.ts";
import type { CacheEntry } from "../blob-store.ts";
import { forEachLimited } from "../files/input-files.ts";
import { collectOutputs, digestOutputs, outputsOf, removeOutputs, type ReadContents } from "../files/outputs.ts";
import { noteFlakyTests } from "../findings/flaky-tests.ts";
import { readStepEvidence } from "../findings/step-evidence.ts";
import { haveInputsChanged } from "../manifests/sealing.ts";
import { checkTool } from "../tools/check-tool.ts";
import { judgeToolExit } from "../tools/judge-exit.ts";
import { checkNeeds } from "./check-needs.ts";
import { describeFailure } from "./describe-failure.ts";
import { bareVerdict } from "./end-step.ts";
import type { FunctionResult } from "./function-step.ts";
import { maskOutputs } from "./mask-outputs.ts";
import type { Masking } from "./masking.ts";
import type { Attempt } from "./run-step.ts";
import { startTask } from "./start-task.ts";
import type { StepVerdict } from "./step-verdict.ts";

/** Runs the task, reads what it proves, and keeps a passed result for the next time. */
export async function runTask(attempt: Attempt): Promise<StepVerdict> {
  const { step } = attempt;
  const { context, journal } = attempt.run;
  const begunAt = performance.now();
  const outputs = outputsOf(step);
  const place = { folder: context.projectFolder, index: context.index, tree: context.tree, place: step.name };
  context.tree.beginWriting();
  let started: Awaited<ReturnType<typeof startTask>>;
  try {
    await removeOutputs(place, outputs);
    const lacks = step.tool === null ? [] : await checkTool(attempt);
    if (lacks.length > 0) return bareVerdict({ outcome: "failed", why: lacks[0]?.message ?? "", problems: lacks });
    started = await startTask(attempt);
  } finally {
    context.tree.endWriting();
  }
  const { exit, references, problems: thrown } = started;
  if (exit.logNote !== null) {
    journal.append({
      type: "run-warned",
      problem: problem("LOG_INCOMPLETE", { place: step.name, message: exit.logNote }),
    });
  }
  for (const found of await maskOutputs(place, outputs, context.masking)) {
    journal.append({ type: "run-warned", problem: found });
  }
  const read = await readStepEvidence(attempt);
  const word = judgeToolExit(attempt, exit, read);
  const evidence = await noteFlakyTests(attempt, word?.evidence ?? read.evidence);
  const judged = judgeEvidence(evidence, context.plan.quality);
  const base = {
    isFromCache: false,
    isAlready: false,
    savedMs: 0,
    evidence,
    outputDigests: {},
    facts: {},
    subject: null,
    logDigest: null,
    seenAt: null,
    files: null,
  };
  const failure = word === null ? describeFailure(attempt, exit, thrown) : word.failure;
  if (failure !== null) {
    const isJudged = word === null && exit.ending === "exited" && judged.outcome === "failed";
    return {
      ...base,
      ...failure,
      why: isJudged ? judged.why : failure.why,
      problems: isJudged ? judged.problems : [...failure.problems, ...read.problems.filter(isOfBaseline)],
    };
  }
  const toldByTool = { ...base, outcome: judged.outcome, why: judged.why, problems: judged.problems };
  if (word?.isUnreachable === true) return toldByTool;
  // What the tool says comes first: one that found a fault may have left out what else it writes.
  const isFault = word !== null && judged.outcome === "failed";
  if (isFault && read.problems.length > 0) return { ...toldByTool, problems: [...judged.problems, ...read.problems] };
  if (read.problems.length > 0) {
    const what = read.problems.every(isOfBaseline) ? "the baseline" : "its report";
    return { ...base, outcome: "failed", why: `${what} can't be read`, problems: read.problems };
  }
  const seenAt = context.tree.generation;
  const contents: ReadContents = new Map();
  const collected = await collectOutputs(place, outputs, contents);
  if (!collected.ok) {
    if (isFault) return toldByTool;
    return { ...base, outcome: "failed", why: collected.error[0]?.message ?? "", problems: collected.error };
  }
  await forEachLimited(references, 8, (file) => context.blobs.putFile(file.path, file.digest));
  const durationMs = Math.round(performance.now() - begunAt);
  const notKept = whyNotKept(read.evidence, judged);
  const kept =
    notKept === null
      ? await keepResult(attempt, { files: collected.value, references, durationMs, contents })
      : { note: notKept === judged.why ? "" : `not cached: ${notKept}`, logDigest: null, isKept: false };
  return {
    ...base,
    outcome: judged.outcome,
    why: [judged.why, kept.note].filter((part) => part !== "").join("; "),
    problems: judged.problems,
    outputDigests: digestOutputs(collected.value),
    logDigest: kept.logDigest,
    seenAt,
    files: kept.isKept ? collected.value : null,
  };
}

function isOfBaseline({ code }: Problem): boolean {
  return code === "BASELINE_UNREADABLE";
}

interface Result {
  readonly files: CacheEntry["outputs"];
  readonly references: NonNullable<FunctionResult["references"]>;
  readonly durationMs: number;
  readonly contents: ReadContents;
}

interface Kept {
  /** Why nothing was kept; empty when it was. */
  readonly note: string;
  readonly logDigest: string | null;
  readonly isKept: boolean;
}

function refuse(why: string): Kept {
  return { note: `not cached: ${why}`, logDigest: null, isKept: false };
}

/** A cache that can't be written costs work the next time, not this result. */
async function keepResult(attempt: Attempt, result: Result): Promise<Kept> {
  const { step, taken, run } = attempt;
  const { context } = run;
  if (taken.uncacheable !== null) return refuse(taken.uncacheable);
  if ((await checkNeeds(attempt.needs, context)).length > 0) return refuse("what it needs changed while it ran");
  if (await haveInputsChanged(step, taken, context)) return refuse("an input changed while it ran");
  if (context.masking.isActive && isNamedSecretly(result.files, context.masking))
    return refuse("the name of an output holds a secret");
  try {
    for (const files of Object.values(result.files)) {
      for (const file of files) {
        const bytes = result.contents.get(file.digest);
        if (bytes !== undefined) await context.blobs.putBytes(bytes, file.digest);
        else await context.blobs.putFile(join(context.projectFolder, file.path), file.digest);
      }
    }
    const logDigest = await keepLog(attempt);
    await context.cache.put(taken.digest, {
      schema: 1,
      runId: run.runId,
      step: step.name,
      durationMs: result.durationMs,
      outputs: result.files,
      references: result.references.map((file) => file.digest),
      logDigest,
      keptAtMs: context.clock.now(),
    });
    return { note: "", logDigest, isKept: true };
  } catch (error) {
    const known = error instanceof ProblemError ? error.problems[0] : undefined;
    if (known?.code === "SOURCE_CHANGED") return refuse(known.message);
    const message = error instanceof Error ? error.message : String(error);
    // One step's word stands for all: where one result can't be kept, hundreds can't.
    if (!warned.has(run.journal)) run.journal.append({ type: "run-warned", problem: unwritable(attempt, message) });
    warned.add(run.journal);
    return refuse(message);
  }
}

const warned = new WeakSet<object>();

function isNamedSecretly(files: CacheEntry["outputs"], masking: Masking): boolean {
  return Object.values(files).some((each) => each.some(({ path }) => masking.text(path) !== path));
}

async function keepLog({ logPath, run }: Attempt): Promise<string | null> {
  const size = statSync(logPath, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return null;
  const digest = await digestFile(logPath);
  await run.context.blobs.putFile(logPath, digest);
  return digest;
}

function unwritable({ step, run }: Attempt, message: string): Problem {
  const place = dirname(run.context.stateFolder);
  return problem("STORE_UNWRITABLE", { place, message: `the result of "${step.name}" can't be kept: ${message}` });
}
