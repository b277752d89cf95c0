import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

import {
  evaluate,
  interpolate,
  isTruthy,
  type Contexts,
} from "../../../greenlight/src/compilers/github-actions/testing/evaluate.ts";
import { readWorkflow } from "../../../greenlight/src/compilers/github-actions/testing/read-workflow.ts";
import { expandAsGitHub, type Combination } from "./expand-as-github.ts";
import { ended } from "./sandbox.ts";

interface WorkflowFile {
  readonly jobs: Readonly<Record<string, JobFile>>;
}

interface JobFile {
  readonly name: string;
  readonly needs?: readonly string[];
  readonly if?: string;
  readonly environment?: string;
  readonly strategy?: { readonly "fail-fast": boolean; readonly matrix: Parameters<typeof expandAsGitHub>[0] };
  readonly steps: readonly StepFile[];
}

interface StepFile {
  readonly name: string;
  readonly if?: string;
  readonly "continue-on-error"?: boolean;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly "working-directory"?: string;
}

export type JobResult = "success" | "failure" | "cancelled" | "skipped";

/** What became of one job, or of one combination of its matrix. */
export interface RanJob {
  readonly job: string;
  readonly matrix: Combination | null;
  readonly result: JobResult;
  readonly workspace: string;
  readonly output: string;
}

export interface WorkflowRun {
  readonly results: Readonly<Record<string, JobResult>>;
  readonly jobs: readonly RanJob[];
}

/** What GitHub says of the event, and what the runner's machine has. */
export interface RunnerOptions {
  /** The repository that is checked out. */
  readonly origin: string;
  /** A folder of its own for workspaces and artifacts; kept from one attempt to the next. */
  readonly folder: string;
  readonly github: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Versions of Python that `setup-python` can have (`3.12`), and the interpreter of each. */
  readonly pythons?: Readonly<Record<string, { readonly version: string; readonly program: string }>>;
  readonly attempt?: number;
  /** Jobs whose earlier result counts, as when only the failed ones are repeated. */
  readonly kept?: Readonly<Record<string, JobResult>>;
  /** Called before a job starts: a test may take an artifact away. */
  beforeJob?(job: string, artifacts: string): void;
}

/**
 * Runs a workflow as GitHub does, as far as compiled ones go: jobs in the order of their needs, conditions by what became of all
 * ancestors, a fresh clone for each job, and nothing passed from one to another but artifacts. A matrix runs one
 * combination after another, so that a test knows which were cancelled.
 */
export async function runWorkflow(text: string, options: RunnerOptions): Promise<WorkflowRun> {
  const { jobs } = readWorkflow(text) as WorkflowFile;
  const results: Record<string, JobResult> = {};
  const ran: RanJob[] = [];
  for (const [id, job] of Object.entries(jobs)) {
    const kept = options.kept?.[id];
    if (kept !== undefined) {
      results[id] = kept;
      continue;
    }
    const needs = job.needs ?? [];
    for (const need of needs) if (results[need] === undefined) throw new Error(`${id} stands before ${need}`);
    if (!startsJob(job, { results, ancestors: ancestorsOf(id, jobs), github: options.github })) {
      results[id] = "skipped";
      continue;
    }
    options.beforeJob?.(id, join(options.folder, "artifacts"));
    const own: RanJob[] = [];
    const matrix = job.strategy === undefined ? [null] : expandAsGitHub(job.strategy.matrix);
    for (const [index, combination] of matrix.entries()) {
      const isCancelled = job.strategy?.["fail-fast"] === true && own.some((each) => each.result === "failure");
      own.push(
        isCancelled
          ? { job: id, matrix: combination, result: "cancelled", workspace: "", output: "" }
          : await runJob({ id, job, combination, index, count: matrix.length, results, options }),
      );
    }
    ran.push(...own);
    results[id] =
      (["failure", "cancelled"] as const).find((bad) => own.some((each) => each.result === bad)) ?? "success";
  }
  return { results, jobs: ran };
}

function ancestorsOf(id: string, jobs: WorkflowFile["jobs"]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const need of jobs[name]?.needs ?? []) {
      if (found.has(need)) continue;
      found.add(need);
      visit(need);
    }
  };
  visit(id);
  return found;
}

function startsJob(
  job: JobFile,
  known: {
    readonly results: Readonly<Record<string, JobResult>>;
    readonly ancestors: ReadonlySet<string>;
    readonly github: Readonly<Record<string, string>>;
  },
): boolean {
  const before = [...known.ancestors].map((name) => known.results[name]);
  const status = {
    success: before.every((result) => result === "success"),
    failure: before.includes("failure"),
    cancelled: false,
  };
  if (job.if === undefined) return status.success;
  const expression = /^\$\{\{(.*)\}\}$/su.exec(job.if)?.[1] ?? job.if;
  // GitHub adds `success()` to a condition that asks for no status.
  const isAsked = /\b(success|failure|cancelled|always)\(/u.test(expression);
  const contexts: Contexts = { values: { github: known.github, needs: needsOf(job, known.results) }, status };
  return (isAsked || status.success) && isTruthy(evaluate(expression, contexts));
}

function needsOf(
  job: JobFile,
  results: Readonly<Record<string, JobResult>>,
): Record<string, { result: JobResult | undefined }> {
  return Object.fromEntries((job.needs ?? []).map((need) => [need, { result: results[need] }]));
}

interface JobCall {
  readonly id: string;
  readonly job: JobFile;
  readonly combination: Combination | null;
  readonly index: number;
  readonly count: number;
  readonly results: Readonly<Record<string, JobResult>>;
  readonly options: RunnerOptions;
}

async function runJob(call: JobCall): Promise<RanJob> {
  const { id, job, combination, index, options } = call;
  const attempt = String(options.attempt ?? 1);
  const home = join(options.folder, `${id}-${index}-${attempt}`);
  const workspace = join(home, "workspace");
  const temp = join(home, "temp");
  mkdirSync(temp, { recursive: true });
  const values = {
    github: { ...options.github, job: id, run_attempt: attempt, token: "ghs_test" },
    runner: { temp },
    strategy: { "job-index": index, "job-total": call.count },
    matrix: combination,
    needs: needsOf(job, call.results),
    secrets: options.secrets ?? {},
  };
  let isFailed = false;
  let output = "";
  for (const step of job.steps) {
    const status = { success: !isFailed, failure: isFailed, cancelled: false };
    const contexts: Contexts = { values, status };
    const condition = step.if === undefined ? "success()" : (/^\$\{\{(.*)\}\}$/su.exec(step.if)?.[1] ?? step.if);
    if (!isTruthy(evaluate(condition, contexts))) continue;
    const ran = await runStep(step, { contexts, workspace, temp, options });
    output += ran.output;
    if (!ran.isSuccess && step["continue-on-error"] !== true) isFailed = true;
  }
  return { job: id, matrix: combination, result: isFailed ? "failure" : "success", workspace, output };
}

interface StepCall {
  readonly contexts: Contexts;
  readonly workspace: string;
  readonly temp: string;
  readonly options: RunnerOptions;
}

async function runStep(step: StepFile, call: StepCall): Promise<{ isSuccess: boolean; output: string }> {
  const text = (value: unknown): string =>
    typeof value === "string" ? interpolate(value, call.contexts) : String(value);
  const inputs = Object.fromEntries(Object.entries(step.with ?? {}).map(([name, value]) => [name, text(value)]));
  const artifacts = join(call.options.folder, "artifacts");
  switch (step.uses?.split("@")[0]) {
    case undefined: {
      const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, text(value)]));
      const folder = join(call.workspace, step["working-directory"] ?? ".");
      return runShell(text(step.run ?? ""), { folder, env: { ...baseEnv(call), ...env } });
    }
    case "actions/checkout":
      return checkOut(call);
    case "actions/setup-python":
      return setUpPython(inputs["python-version"] ?? "", call);
    case "actions/setup-node":
      return { isSuccess: true, output: "" };
    case "actions/upload-artifact": {
      const { name = "", path = "" } = inputs;
      const from = path.startsWith("/") ? path : join(call.workspace, path);
      if (!existsSync(from) || readdirSync(from).length === 0) return { isSuccess: true, output: "" };
      // An artifact is never written twice.
      if (existsSync(join(artifacts, name))) return { isSuccess: false, output: `409: ${name} exists` };
      cpSync(from, join(artifacts, name), { recursive: true });
      return { isSuccess: true, output: "" };
    }
    case "actions/download-artifact": {
      const { pattern = "", path = "" } = inputs;
      if (inputs["merge-multiple"] !== "true") throw new Error("only merged downloads are known here");
      const prefix = pattern.replace(/\*$/u, "");
      const names = existsSync(artifacts) ? readdirSync(artifacts).filter((name) => name.startsWith(prefix)) : [];
      for (const name of names) cpSync(join(artifacts, name), path, { recursive: true });
      return { isSuccess: true, output: "" };
    }
    default:
      throw new Error(`no such action here: ${step.uses}`);
  }
}

/** The version comes into the tool cache, which is the job's own: another job's machine has nothing of it. */
function setUpPython(wanted: string, call: StepCall): { isSuccess: boolean; output: string } {
  const found = call.options.pythons?.[wanted];
  if (found === undefined) return { isSuccess: false, output: `The version '${wanted}' was not found\n` };
  const folder = join(call.temp, "tool-cache/Python", found.version);
  mkdirSync(folder, { recursive: true });
  symlinkSync(dirname(dirname(found.program)), join(folder, process.arch));
  return { isSuccess: true, output: `Successfully set up CPython (${found.version})\n` };
}

async function checkOut(call: StepCall): Promise<{ isSuccess: boolean; output: string }> {
  const { github, origin } = call.options;
  rmSync(call.workspace, { recursive: true, force: true });
  const isPull = github["event_name"] === "pull_request";
  const way = isPull
    ? `git checkout --quiet --detach ${github["sha"]}`
    : `git checkout --quiet -B "${github["ref_name"]}" ${github["sha"]}`;
  const script = `git clone --quiet --no-checkout "${origin}" "${call.workspace}" && cd "${call.workspace}" && ${way}`;
  mkdirSync(call.temp, { recursive: true });
  return runShell(script, { folder: call.temp, env: baseEnv(call) });
}

function baseEnv(call: StepCall): Record<string, string> {
  const { github, env } = call.options;
  const named = Object.entries(github).map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, value] as const);
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: call.temp,
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_WORKSPACE: call.workspace,
    RUNNER_TEMP: call.temp,
    RUNNER_TOOL_CACHE: join(call.temp, "tool-cache"),
    ...Object.fromEntries(named),
    ...env,
  };
}

/** As GitHub starts a line on Linux: `bash -e`. */
async function runShell(
  line: string,
  how: { readonly folder: string; readonly env: Readonly<Record<string, string>> },
): Promise<{ isSuccess: boolean; output: string }> {
  const child = spawn("bash", ["-e", "-c", line], { cwd: how.folder, env: how.env, stdio: ["ignore", "pipe", "pipe"] });
  const { status, stdout, stderr } = await ended(child);
  return { isSuccess: status === 0, output: `$ ${line}\n${stdout}${stderr}(${String(status)})\n` };
}
