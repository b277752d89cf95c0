import type { StepDefinition } from "../../pipeline/definition.ts";

export interface ServiceUnderTest {
  /** A shell line, run in the project's folder; it ends when it is told to (TERM). */
  readonly run: string;
  /** Answers with a status below 400 once the service can be used; `/health` when left out. */
  readonly readyPath?: string;
  /** Milliseconds until then; a minute when left out. */
  readonly readyMs?: number;
  /** The variable by which it is told its port; `PORT` when left out. */
  readonly portVariable?: string;
}

/**
 * A step's tests against the really started service: `withService(node.integrationTests(), { run: "node src/main.ts" })`. The
 * service gets a port of its own, which the tests see as SERVICE_URL, and is ended with them. Its log is kept beside the
 * reports, and its end is shown with tests that failed.
 */
export function withService(step: StepDefinition, service: ServiceUnderTest): StepDefinition {
  if (step.action.kind !== "command") throw new RangeError(`"${step.name}" runs no command`);
  if (step.matrix !== null) throw new RangeError(`"${step.name}" is a matrix: give it the service first`);
  const log = `out/logs/${step.name.replaceAll(/[^\w.-]+/gu, "-")}/service.log`;
  return {
    ...step,
    action: {
      kind: "function",
      module: "greenlight/functions/with-service",
      export: "withService",
      args: {
        service: service.run,
        tests: step.action.command,
        readyPath: service.readyPath ?? "/health",
        readyMs: service.readyMs ?? 60_000,
        portVariable: service.portVariable ?? "PORT",
      },
    },
    outputs: { ...step.outputs, serviceLog: log },
    evidence: step.evidence.map((source) => (source.format === "junit" ? { ...source, logs: [log] } : source)),
    // Its report says how they ended; the tool's exit status does not get here.
    tool: null,
  };
}
