// Runs one function step: `function-runner REQUEST RESULT`, both JSON files. Started by the engine.
import { readFileSync, writeFileSync } from "node:fs";

import type { Json } from "../../base/json.ts";
import { formatProblem, isProblem, type Problem, type ProblemError } from "../../base/problem.ts";
import type { FunctionContext, FunctionResult, FunctionStep } from "./function-step.ts";

export interface FunctionRequest {
  /** A file URL. */
  readonly module: string;
  readonly export: string;
  readonly args: Json;
  readonly context: FunctionContext;
}

export interface FunctionResponse {
  readonly result: FunctionResult;
  readonly problems: readonly Problem[];
}

const [requestPath, resultPath] = process.argv.slice(2);
if (requestPath !== undefined && resultPath !== undefined) await main(requestPath, resultPath);

async function main(from: string, to: string): Promise<void> {
  const request = JSON.parse(readFileSync(from, "utf8")) as FunctionRequest;
  let response: FunctionResponse;
  try {
    const module = (await import(request.module)) as Record<string, unknown>;
    const found = module[request.export];
    if (typeof found !== "function") throw new TypeError(`${request.module} has no function "${request.export}"`);
    response = { result: (await (found as FunctionStep)(request.args, request.context)) ?? {}, problems: [] };
  } catch (error) {
    process.exitCode = 1;
    // By name: the function may come with a copy of Greenlight of its own.
    const named =
      error instanceof Error && error.name === "ProblemError" ? (error as Partial<ProblemError>).problems : [];
    const problems = Array.isArray(named) ? named.filter(isProblem) : [];
    console.error(problems.length > 0 ? problems.map(formatProblem).join("\n") : error);
    // The last lines are what a person is shown first, and a stack says the least.
    if (problems.length === 0 && error instanceof Error) console.error(`${error.name}: ${error.message}`);
    response = { result: {}, problems };
  }
  writeFileSync(to, JSON.stringify(response));
}
