import { compileWorkflows, type CompiledWorkflow } from "../app/compile-workflows.ts";
import { loadProject } from "../app/load-project.ts";
import { formatProblem, problem, ProblemError, type Problem } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { printable } from "./terminal.ts";

const ENGINES = ["github-actions"];
const DONE = { same: "unchanged", different: "changed", missing: "written", stale: "removed" } as const;

/** `greenlight compile github-actions`: writes the workflows; with `--check`, says whether the files are up to date. */
export async function compile(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const engine = args[0] ?? "";
  if (!ENGINES.includes(engine)) {
    const message = `"${engine}" is not what a pipeline can be compiled to; known: ${ENGINES.join(", ")}`;
    throw new ProblemError([problem("USAGE", { place: "compile", message })]);
  }
  const place = call.place();
  const blueprint = await loadProject(place);
  const isCheck = options["check"] === true;
  const workflows = await compileWorkflows(place, blueprint, { write: !isCheck });
  const problems = isCheck ? workflows.flatMap(describe) : [];
  if (call.isJson) console.log(JSON.stringify({ workflows, problems }));
  else if (isCheck) for (const each of problems) console.error(printable(formatProblem(each)));
  if (!call.isJson && problems.length === 0) {
    for (const { path, state } of workflows) console.log(`${path}: ${isCheck ? "up to date" : DONE[state]}`);
  }
  return problems.length === 0 ? 0 : 1;
}

function describe(workflow: CompiledWorkflow): readonly Problem[] {
  const { path, difference } = workflow;
  switch (workflow.state) {
    case "same":
      return [];
    case "missing":
      return [problem("COMPILE_OUTDATED", { place: path, message: "the file is missing" })];
    case "stale":
      return [problem("COMPILE_OUTDATED", { place: path, message: "no pipeline stands behind this file any more" })];
    case "different": {
      const line = difference?.line ?? 1;
      const message = `differs from the definition\n    found:    ${cut(difference?.found)}\n    expected: ${cut(difference?.expected)}`;
      return [problem("COMPILE_OUTDATED", { place: `${path}:${line}`, message })];
    }
  }
}

function cut(line: string | undefined): string {
  return (line ?? "").trim().slice(0, 200) || "(nothing)";
}
