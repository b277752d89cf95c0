import type { TargetDescriptor } from "../../pipeline/definition.ts";
import { checkOptions, DEFAULT_OPTIONS, type ProcessesOptions } from "./processes/options.ts";

export type { ProcessesOptions } from "./processes/options.ts";

/**
 * An environment as processes of this machine: a router on `port`, and behind it one release, or two while a deployment
 * is under way. Needs nothing but Node. Throws a RangeError that names the option when one makes no sense.
 */
export function processes(options: Pick<ProcessesOptions, "port"> & Partial<ProcessesOptions>): TargetDescriptor {
  const whole = { ...DEFAULT_OPTIONS, ...options };
  const [first] = checkOptions(whole);
  if (first !== undefined) throw new RangeError(`processes: ${first}`);
  return { kind: "processes", module: "greenlight/targets/processes", isLocal: true, options: { ...whole } };
}
