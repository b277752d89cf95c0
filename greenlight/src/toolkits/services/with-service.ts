import type { StepDefinition } from "../../pipeline/definition.ts";
import { containerAction, type ServiceInImage } from "./service-in-image.ts";

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
 * A step's tests against the really started service: `withService(node.integrationTests(), { run: "node src/main.ts" })`, or, as the
 * image that was built, `{ image, port: 8000 }` with `image` the step that built it. The service gets a port of its own, which the
 * tests see as SERVICE_URL, and is ended with them. Its log is kept beside the reports, and its end is shown with tests that
 * failed.
 */
export function withService(step: StepDefinition, service: ServiceUnderTest | ServiceInImage): StepDefinition {
  if (step.action.kind !== "command") throw new RangeError(`"${step.name}" runs no command`);
  if (step.matrix !== null) throw new RangeError(`"${step.name}" is a matrix: give it the service first`);
  const log = `out/logs/${step.name.replaceAll(/[^\w.-]+/gu, "-")}/service.log`;
  const made = "image" in service ? containerAction(step, service) : { action: processAction(service) };
  const args = {
    tests: step.action.command,
    readyPath: service.readyPath ?? "/health",
    readyMs: service.readyMs ?? 60_000,
    portVariable: service.portVariable ?? "PORT",
  };
  return {
    ...step,
    ...made,
    action: { kind: "function", ...made.action, args: { ...made.action.args, ...args } },
    outputs: { ...step.outputs, serviceLog: log },
    evidence: step.evidence.map((source) => (source.format === "junit" ? { ...source, logs: [log] } : source)),
    // Its report says how they ended; the tool's exit status does not get here.
    tool: null,
  };
}

function processAction({ run }: ServiceUnderTest) {
  return { module: "greenlight/functions/with-service", export: "withService", args: { service: run } };
}
