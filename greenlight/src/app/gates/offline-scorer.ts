import type { Json } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { GoldenAnswer } from "../../deployment/gates/compare-answers.ts";
import type { OfflineScorer } from "../../deployment/gates/replay-gate.ts";
import type { ReplayRequest } from "../../deployment/gates/replay-plan.ts";
import { runScorer } from "./run-scorer.ts";

export interface OfflineScorerOptions {
  /** A shell line. */
  readonly run: string;
  readonly timeoutMs: number;
  readonly projectFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file of the release's model, asked when it is needed; null: the release has none. */
  modelPath(): Result<string | null, string>;
  log(line: string): void;
}

/**
 * The offline model as a program of the project: one request a line goes in, one answer a line comes out. A line that is no answer
 * is an error, since a scorer that is half understood would compare half of what it should.
 */
export function offlineScorer(options: OfflineScorerOptions): OfflineScorer {
  const { run, timeoutMs, projectFolder: folder, env } = options;
  const log = (line: string): void => options.log(line);
  return async (requests, signal) => {
    const input = requests.map((request) => `${JSON.stringify(question(request))}\n`).join("");
    const model = options.modelPath();
    if (!model.ok) return model;
    const variables = model.value === null ? env : { ...env, MODEL_PATH: model.value };
    const printed = await runScorer({ run, folder, env: variables, input, timeoutMs, signal, log });
    return printed.ok ? readAnswers(printed.value) : err(`the offline model ${printed.error}: ${run}`);
  };
}

function question({ id, method, path, body }: ReplayRequest): { readonly [name: string]: Json } {
  return { id, method, path, body: body === null ? null : parse(body) };
}

/** Answers by request; an error names the line. */
export function readAnswers(text: string): Result<ReadonlyMap<string, GoldenAnswer>, string> {
  const answers = new Map<string, GoldenAnswer>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const value = parse(line);
    const wrong = (what: string): Result<never, string> => err(`line ${index + 1} of the offline model ${what}`);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong("is no JSON object");
    const { id, status = 200, body } = value as { readonly [name: string]: Json };
    if (typeof id !== "string") return wrong('has no "id"');
    if (typeof status !== "number" || !Number.isInteger(status)) return wrong('has a "status" that is none');
    if (body === undefined && status === 200) return wrong('has no "body"');
    if (answers.has(id)) return wrong(`answers request ${id} once more`);
    answers.set(id, { status, body, isSubset: true, isRedacted: false });
  }
  return ok(answers);
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
