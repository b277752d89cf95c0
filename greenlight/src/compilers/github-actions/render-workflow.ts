import { Document, Pair, Scalar, YAMLMap, type Node } from "yaml";

import type { MatrixCell, Workflow, WorkflowJob, WorkflowStep, WorkflowStrategy } from "./workflow.ts";

/** How every file begins that was compiled from the definition at `source`, so that it is known again. */
export function compiledMark(source: string): string {
  return `# Compiled by Greenlight from ${source};`;
}

/** The workflow as text, the same for the same workflow. `source` is the definition's path in the repository. */
export function renderWorkflow(workflow: Workflow, source: string): string {
  const document = new Document({});
  // Equal parts are written out again: aliases would save bytes and cost the reader.
  const node = (value: unknown): Node => document.createNode(value, { aliasDuplicateObjects: false });
  const add = (key: string, value: unknown): void => document.set(key, node(value));
  add("name", workflow.name);
  add("on", { ...workflow.on });
  add("permissions", { ...workflow.permissions });
  if (workflow.concurrency !== null) add("concurrency", { ...workflow.concurrency });
  const jobs = new YAMLMap();
  for (const [id, job] of Object.entries(workflow.jobs)) {
    const key = new Scalar(id);
    key.spaceBefore = jobs.items.length > 0;
    jobs.add(new Pair(key, node(jobFields(job))));
  }
  document.set("jobs", jobs);
  const head = [
    `${compiledMark(source)} changes made here are lost.`,
    "# Change the definition, then run: npx greenlight compile github-actions",
  ];
  return `${head.join("\n")}\n${document.toString({ lineWidth: 0 })}`;
}

function jobFields(job: WorkflowJob): Record<string, unknown> {
  return {
    name: job.name,
    ...(job.needs.length === 0 ? {} : { needs: [...job.needs] }),
    ...(job.if === null ? {} : { if: expression(job.if) }),
    "runs-on": job["runs-on"],
    "timeout-minutes": job["timeout-minutes"],
    ...(job.permissions === null ? {} : { permissions: { ...job.permissions } }),
    ...(job.environment === null ? {} : { environment: job.environment }),
    ...(job.strategy === null ? {} : { strategy: strategyFields(job.strategy) }),
    steps: job.steps.map(stepFields),
  };
}

function strategyFields(strategy: WorkflowStrategy): Record<string, unknown> {
  const { matrix } = strategy;
  return {
    "fail-fast": strategy["fail-fast"],
    ...(strategy["max-parallel"] === null ? {} : { "max-parallel": strategy["max-parallel"] }),
    matrix: Object.fromEntries(
      Object.entries(matrix).map(([key, values]) => [
        key,
        values.map((value) =>
          typeof value === "object"
            ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, cellNode(each)]))
            : cellNode(value),
        ),
      ]),
    ),
  };
}

/** Text of a matrix is always in quotes: "3.10" and "on" must not become a number or a truth for any reader. */
function cellNode(value: MatrixCell): Node | MatrixCell {
  if (typeof value !== "string") return value;
  const scalar = new Scalar(value);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

function stepFields(step: WorkflowStep): Record<string, unknown> {
  if ("uses" in step) {
    const uses = new Scalar(`${step.uses.action}@${step.uses.commit}`);
    uses.comment = ` ${step.uses.version}`;
    return {
      name: step.name,
      ...(step.if === undefined ? {} : { if: expression(step.if) }),
      ...(step["continue-on-error"] === undefined ? {} : { "continue-on-error": true }),
      uses,
      with: { ...step.with },
    };
  }
  return {
    name: step.name,
    ...(step["working-directory"] === null ? {} : { "working-directory": step["working-directory"] }),
    ...(Object.keys(step.env).length === 0 ? {} : { env: { ...step.env } }),
    run: step.run,
  };
}

function expression(text: string): string {
  return `\${{ ${text} }}`;
}
