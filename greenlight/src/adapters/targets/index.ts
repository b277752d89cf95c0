import type { TargetDescriptor } from "../../pipeline/definition.ts";
import { checkOptions, DEFAULT_OPTIONS, type ProcessesOptions } from "./processes/options.ts";
import { checkServerOptions, SERVER_DEFAULTS, type ServerOptions } from "./server/options.ts";

export type { ProcessesOptions } from "./processes/options.ts";
export type { ServerOptions } from "./server/options.ts";

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

/**
 * An environment on one plain server, reached over ssh as `user@host`: the same processes as those of `processes`, with Node and Greenlight
 * brought along. The server needs sshd and a user with a key, nothing else. Listens on port 8000 of all its addresses unless
 * told otherwise. Throws a RangeError that names the option when one makes no sense.
 */
export function server(
  address: string,
  options: Partial<Omit<ServerOptions, "address"> & ProcessesOptions> = {},
): TargetDescriptor {
  const own = { ...SERVER_DEFAULTS, address };
  const others = { ...DEFAULT_OPTIONS, port: 8000, host: "0.0.0.0" };
  const given = Object.entries(options);
  Object.assign(own, Object.fromEntries(given.filter(([name]) => Object.hasOwn(SERVER_DEFAULTS, name))));
  Object.assign(others, Object.fromEntries(given.filter(([name]) => !Object.hasOwn(SERVER_DEFAULTS, name))));
  const [first] = [...checkServerOptions(own), ...checkOptions(others)];
  if (first !== undefined) throw new RangeError(`server: ${first}`);
  return { kind: "server", module: "greenlight/targets/server", isLocal: false, options: { ...others, ...own } };
}
