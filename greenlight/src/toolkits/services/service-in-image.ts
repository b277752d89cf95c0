import { DOCKER_VARIABLES } from "../../base/docker-variables.ts";
import type { Json } from "../../base/json.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";

/** A service as the image that was built. Nothing is ever pulled: the daemon has the image, or a step brings it. */
export interface ServiceInImage {
  /**
   * The step that builds it. Its output (`image`, or the only one) is the image as `docker save` writes it, or a file with its name
   * or id (`docker build --iidfile`). Or, as a text, an image that the daemon has.
   */
  readonly image: StepDefinition | string;
  /** What the service listens on; the one port that the image exposes when left out. It is told so by `portVariable`, too. */
  readonly port?: number;
  /** Answers with a status below 400 once the service can be used; `/health` when left out. */
  readonly readyPath?: string;
  /** Milliseconds until then; a minute when left out. */
  readonly readyMs?: number;
  /** The variable by which it is told its port; `PORT` when left out. */
  readonly portVariable?: string;
  /** Variables of the container with fixed values. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Names of variables that step and container see. */
  readonly env?: readonly string[];
  /** Names of the project's secrets that step and container see. */
  readonly secrets?: readonly string[];
  /** Memory of the container, without swap, in MiB; 2048 when left out. */
  readonly memoryMb?: number;
  /** Processes and threads of the container; 512 when left out. */
  readonly maxProcesses?: number;
  /** For an image that is not for the daemon's own platform, where the daemon can emulate it: `linux/arm64`. */
  readonly platform?: string;
}

const NEED = "serviceImage";

/** What a step needs, sees and does to test the service in its image. Throws RangeError for an image that nothing can put out. */
export function containerAction(step: StepDefinition, service: ServiceInImage) {
  const { image, env = [], secrets = [], variables = {} } = service;
  const isName = typeof image === "string";
  const source: Json = isName ? { reference: image } : { need: NEED, output: outputOf(image) };
  return {
    action: {
      module: "greenlight/functions/with-container",
      export: "withContainer",
      args: {
        image: source,
        port: service.port ?? null,
        variables,
        names: [...env, ...secrets],
        memoryMb: service.memoryMb ?? 2048,
        maxProcesses: service.maxProcesses ?? 512,
        platform: service.platform ?? null,
      },
    },
    needs: isName ? step.needs : { ...step.needs, [NEED]: image },
    env: [...new Set([...step.env, ...env, ...DOCKER_VARIABLES])],
    secrets: [...new Set([...step.secrets, ...secrets])],
    // A name may be another image tomorrow: what was true of it is not kept.
    inputs: isName && !/^sha256:|@sha256:/u.test(image) ? null : step.inputs,
  };
}

function outputOf({ name, outputs }: StepDefinition): string {
  const [only, ...others] = Object.keys(outputs);
  const output = Object.hasOwn(outputs, "image") ? "image" : others.length === 0 ? only : undefined;
  if (output === undefined) throw new RangeError(`"${name}" has no output "image": the image, or a file with its id`);
  if (/[*?[{]/u.test(outputs[output] ?? "")) throw new RangeError(`the image that "${name}" puts out is not one file`);
  return output;
}
