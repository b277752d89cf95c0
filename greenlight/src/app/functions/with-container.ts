import { z } from "zod";

import type { Json } from "../../base/json.ts";
import type { FunctionContext } from "../../engine/steps/function-step.ts";
import { reachDocker, type DockerDaemon } from "../service-under-test/docker-daemon.ts";
import { awaitReady, endOf, runTests, serviceFault } from "../service-under-test/run-tests.ts";
import { ServiceContainer } from "../service-under-test/service-container.ts";
import { findImage, type ServiceImage } from "../service-under-test/service-image.ts";

const ARGUMENTS = z.strictObject({
  image: z.union([
    z.strictObject({ reference: z.string().min(1) }),
    z.strictObject({ need: z.string().min(1), output: z.string().min(1) }),
  ]),
  port: z.int().min(1).max(65_535).nullable(),
  /** A shell line, run in the project's folder: the tests. */
  tests: z.string().min(1),
  /** Answers with a status below 400 once the service can be used. */
  readyPath: z.string().startsWith("/"),
  readyMs: z.int().min(1),
  /** The variable by which the service is told its port within, and the tests the one on loopback. */
  portVariable: z.string().regex(/^[A-Za-z_]\w*$/u),
  /** What the container sees: fixed values, and names of the step's own variables. */
  variables: z.record(z.string().regex(/^[A-Za-z_]\w*$/u), z.string()),
  names: z.array(z.string().regex(/^[A-Za-z_]\w*$/u)),
  memoryMb: z.int().min(16),
  maxProcesses: z.int().min(1),
  platform: z.string().nullable(),
});

type Arguments = z.infer<typeof ARGUMENTS>;

/** Seconds between TERM and KILL: after the tests, and when the step itself is told to end, which has five in all. */
const GRACE_S = 5;
const CANCEL_GRACE_S = 2;

/**
 * Tests against the service as its built image, as a function step. Its container gets a port of loopback that Docker chooses,
 * writes to the output `serviceLog`, and is removed with all that is in it, whatever happens. The tests get SERVICE_URL and the
 * port's variable. What the daemon lacks is told before anything is started.
 */
export async function withContainer(rawArguments: Json, context: FunctionContext): Promise<void> {
  const args = ARGUMENTS.parse(rawArguments);
  const logPath = context.outputs["serviceLog"];
  if (logPath === undefined) throw new Error("declare the output serviceLog: where the service's log is kept");
  const cancel = new AbortController();
  const onTerm = (): void => cancel.abort(new Error("it was told to end"));
  process.once("SIGTERM", onTerm);
  try {
    const daemon = await reachDocker(context.run.step, context.project.folder);
    const image = await findImage(daemon, { ...args, source: sourceOf(args, context) });
    console.log(`image ${image.name} (${image.id}), port ${image.port}`);
    cancel.signal.throwIfAborted();
    await test(args, { daemon, image, logPath, context, signal: cancel.signal });
  } finally {
    process.off("SIGTERM", onTerm);
  }
}

interface Testing {
  readonly daemon: DockerDaemon;
  readonly image: ServiceImage;
  readonly logPath: string;
  readonly context: FunctionContext;
  readonly signal: AbortSignal;
}

async function test(args: Arguments, { daemon, image, logPath, context, signal }: Testing): Promise<void> {
  const { project, run } = context;
  const container = new ServiceContainer(daemon.docker, {
    ...args,
    image,
    variables: { ...variablesOf(args), [args.portVariable]: String(image.port) },
    logPath,
    stateFolder: project.stateFolder,
    labels: { project: project.name, run: run.id, step: run.step },
  });
  try {
    const port = await container.start();
    const hasEnded = (): boolean => container.hasEnded;
    const answer = port === null ? "ended" : await awaitReady({ ...args, port, hasEnded, signal });
    if (answer !== "ready" || port === null) {
      const late = `no answer at ${args.readyPath} on its port ${image.port} in ${args.readyMs / 1000} s`;
      const how = answer === "ended" ? `it ${(await container.state()).how}` : late;
      throw serviceFault(`the service did not become ready: ${how}; its log ends with:\n${endOf(logPath)}`);
    }
    const code = await runTests({ ...args, folder: project.folder, port, signal });
    if (container.hasEnded) {
      const { how } = await container.state();
      throw serviceFault(`the service ${how} while it was tested; its log ends with:\n${endOf(logPath)}`);
    }
    if (code !== 0) throw serviceFault(`the tests exited with ${code}`);
  } finally {
    const graceSeconds = signal.aborted ? CANCEL_GRACE_S : GRACE_S;
    const isInTime = await container.end(graceSeconds);
    if (isInTime === false) console.log(`the service did not end within ${graceSeconds} s of TERM and was killed`);
  }
}

function sourceOf({ image }: Arguments, { needs }: FunctionContext) {
  if ("reference" in image) return image;
  const need = needs[image.need];
  const path = need?.outputs[image.output];
  if (need === undefined || path === undefined) throw new Error(`there is no output ${image.output} of ${image.need}`);
  return { path, step: need.step };
}

/** A variable that is not set here is not set there. */
function variablesOf({ variables, names }: Arguments): Record<string, string> {
  const own = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(own), ...variables };
}
