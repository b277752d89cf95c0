import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { digestFile } from "../base/file-digest.ts";
import { problem, type Problem } from "../base/problem.ts";
import { judgeEvidence } from "../evidence/judge.ts";
import type { PlannedStep } from "../pipeline/plan.ts";
import type { CacheEntry } from "./blob-store.ts";
import { checkNeeds } from "./check-needs.ts";
import type { EngineContext } from "./engine-context.ts";
import type { FunctionRequest, FunctionResponse } from "./function-runner.ts";
import type { FunctionResult } from "./function-step.ts";
import { forEachLimited } from "./input-files.ts";
import { modulePath } from "./module-path.ts";
import { collectOutputs, digestOutputs, outputsOf, removeOutputs, restoreOutputs } from "./outputs.ts";
import { haveInputsChanged } from "./sealing.ts";
import { stepEnvironment } from "./step-environment.ts";
import { readStepEvidence } from "./step-evidence.ts";
import { runStepProcess, type StepExit } from "./step-process.ts";
import type { StepResult } from "./step-result.ts";
import type { StepVerdict } from "./step-verdict.ts";
import type { TakenManifest } from "./take-manifest.ts";

export interface TaskCall {
  readonly step: PlannedStep;
  readonly taken: TakenManifest;
  readonly needs: Readonly<Record<string, StepResult>>;
  readonly logPath: string;
  readonly runId: string;
  readonly context: EngineContext;
}

/** Takes the task's result from the cache; null when there is none that holds, so that it has to run. */
export async function restoreTask(call: TaskCall): Promise<StepVerdict | null> {
  const { step, taken, context } = call;
  if (taken.uncacheable !== null) return null;
  const entry = await context.cache.get(taken.digest);
  if (entry === null) return null;
  for (const digest of entry.references) if (!(await context.blobs.has(digest))) return null;
  const place = { folder: context.projectFolder, index: context.index, blobs: context.blobs };
  if (!(await restoreOutputs(place, outputsOf(step), entry.outputs))) return null;
  const read = await readStepEvidence(step, context.projectFolder);
  if (read.problems.length > 0 || read.isMissing) return null;
  const judged = judgeEvidence(read.evidence);
  await mkdir(dirname(call.logPath), { recursive: true });
  await context.blobs.copyTo(entry.logDigest, call.logPath, { isExecutable: false });
  return {
    outcome: judged.outcome,
    why: judged.why,
    isFromCache: true,
    isAlready: false,
    savedMs: entry.durationMs,
    problems: judged.problems,
    evidence: read.evidence,
    outputDigests: digestOutputs(entry.outputs),
    facts: {},
    subject: null,
  };
}

/** Runs the task, reads what it proves, and keeps a passed result for the next time. */
export async function runTask(call: TaskCall): Promise<StepVerdict> {
  const { step, context } = call;
  const startedAt = context.clock.now();
  const outputs = outputsOf(step);
  await removeOutputs(context.projectFolder, outputs);
  const { exit, references, problems: thrown } = await startTask(call);
  const read = await readStepEvidence(step, context.projectFolder);
  const judged = judgeEvidence(read.evidence);
  const base = {
    isFromCache: false,
    isAlready: false,
    savedMs: 0,
    evidence: read.evidence,
    outputDigests: {},
    facts: {},
    subject: null,
  };
  const failure = await describeFailure(call, exit, thrown);
  if (failure !== null) {
    const isJudged = exit.ending === "exited" && judged.outcome === "failed";
    return {
      ...base,
      ...failure,
      why: isJudged ? judged.why : failure.why,
      problems: isJudged ? judged.problems : failure.problems,
    };
  }
  if (read.problems.length > 0) {
    return { ...base, outcome: "failed", why: "its report can't be read", problems: read.problems };
  }
  const collected = await collectOutputs(
    { folder: context.projectFolder, index: context.index, place: step.name },
    outputs,
  );
  if (!collected.ok) {
    return { ...base, outcome: "failed", why: "a declared output is missing", problems: collected.error };
  }
  const note =
    judged.outcome !== "passed"
      ? null
      : await keepResult(call, collected.value, references, context.clock.now() - startedAt);
  return {
    ...base,
    outcome: judged.outcome,
    why: [judged.why, note].filter((part) => part !== null && part !== "").join("; "),
    problems: judged.problems,
    outputDigests: digestOutputs(collected.value),
  };
}

async function startTask(call: TaskCall): Promise<{
  readonly exit: StepExit;
  readonly references: NonNullable<FunctionResult["references"]>;
  readonly problems: readonly Problem[];
}> {
  const { step, context } = call;
  const common = {
    folder: context.projectFolder,
    env: stepEnvironment(context.projectFolder, step.env, context.environmentVariables),
    logPath: call.logPath,
    timeoutMs: step.timeoutMs,
    graceMs: context.graceMs,
    signal: context.signal,
  };
  if (step.action.kind === "command") {
    const [file, args] = shellCall(step.action.command);
    return { exit: await runStepProcess({ ...common, file, args }), references: [], problems: [] };
  }
  const request: FunctionRequest = {
    module: pathToFileURL(modulePath(step.action.module, context.projectFolder)).href,
    export: step.action.export,
    args: step.action.args,
    context: {
      project: { name: context.plan.project, folder: context.projectFolder, stateFolder: context.stateFolder },
      needs: Object.fromEntries(
        Object.entries(call.needs).map(([alias, need]) => [
          alias,
          { step: need.step, outputs: absolutePaths(context.projectFolder, need.outputs) },
        ]),
      ),
      outputs: absolutePaths(context.projectFolder, step.outputs),
    },
  };
  const scratch = join(context.stateFolder, "tmp", randomUUID());
  await mkdir(scratch, { recursive: true });
  try {
    await writeFile(join(scratch, "request.json"), JSON.stringify(request));
    for (const path of Object.values(request.context.outputs)) await mkdir(dirname(path), { recursive: true });
    const runner = new URL(`./function-runner${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
    const exit = await runStepProcess({
      ...common,
      file: process.execPath,
      args: [fileURLToPath(runner), join(scratch, "request.json"), join(scratch, "result.json")],
    });
    const text = await readFile(join(scratch, "result.json"), "utf8").catch(() => null);
    if (text === null) return { exit, references: [], problems: [] };
    const response = JSON.parse(text) as FunctionResponse;
    return { exit, references: response.result.references ?? [], problems: response.problems };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A command that a person wrote in the definition is a shell line; nothing foreign is put into it. */
function shellCall(command: string): [string, readonly string[]] {
  return process.platform === "win32" ? ["cmd.exe", ["/d", "/s", "/c", command]] : ["/bin/sh", ["-c", command]];
}

async function describeFailure(
  call: TaskCall,
  exit: StepExit,
  thrown: readonly Problem[],
): Promise<Pick<StepVerdict, "outcome" | "why" | "problems"> | null> {
  const place = call.step.name;
  switch (exit.ending) {
    case "cancelled":
      return { outcome: "cancelled", why: "cancelled", problems: [] };
    case "timed-out": {
      const message = `still ran after ${call.step.timeoutMs / 1000} s and was ended`;
      return { outcome: "failed", why: message, problems: [problem("STEP_TIMEOUT", { place, message })] };
    }
    case "log-failed": {
      const problems = [problem("STORE_UNWRITABLE", { place: call.logPath, message: exit.message })];
      return { outcome: "errored", why: `its log can't be written: ${exit.message}`, problems };
    }
    case "not-started": {
      const problems = [problem("COMMAND_NOT_STARTED", { place, message: exit.message })];
      return { outcome: "errored", why: exit.message, problems };
    }
    case "exited": {
      if (exit.exitCode === 0) return null;
      if (thrown.length > 0) return { outcome: "failed", why: thrown[0]?.message ?? "", problems: thrown };
      const how = exit.exitCode === null ? `was ended by ${exit.signalName}` : `exited with ${exit.exitCode}`;
      const tail = await lastLines(call.logPath, 5);
      const message = tail === "" ? how : `${how}; its last lines:\n${tail}`;
      const remedy = `read the whole log: greenlight logs ${call.runId} --step ${JSON.stringify(place)}`;
      return { outcome: "failed", why: how, problems: [problem("COMMAND_FAILED", { place, message, remedy })] };
    }
  }
}

async function keepResult(
  call: TaskCall,
  files: CacheEntry["outputs"],
  references: NonNullable<FunctionResult["references"]>,
  durationMs: number,
): Promise<string | null> {
  const { step, taken, context } = call;
  await forEachLimited(references, 8, (file) => context.blobs.putFile(file.path, file.digest));
  if (taken.uncacheable !== null) return `not cached: ${taken.uncacheable}`;
  if ((await checkNeeds(call.needs, context)).length > 0) return "not cached: what it needs changed while it ran";
  if (await haveInputsChanged(step, taken, context)) return "not cached: an input changed while it ran";
  for (const file of Object.values(files).flat()) {
    await context.blobs.putFile(join(context.projectFolder, file.path), file.digest);
  }
  const logDigest = await digestFile(call.logPath);
  await context.blobs.putFile(call.logPath, logDigest);
  await context.cache.put(taken.digest, {
    schema: 1,
    runId: call.runId,
    step: step.name,
    durationMs,
    outputs: files,
    references: references.map((file) => file.digest),
    logDigest,
  });
  return null;
}

async function lastLines(path: string, count: number): Promise<string> {
  const text = await readTail(path, 8192);
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-count)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join("\n");
}

/** The end of a file of any size; empty when it can't be read. */
async function readTail(path: string, bytes: number): Promise<string> {
  const file = await open(path).catch(() => null);
  if (file === null) return "";
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(bytes, size));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8");
  } finally {
    await file.close();
  }
}

function absolutePaths(folder: string, outputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([name, path]) => [name, join(folder, path)]));
}
