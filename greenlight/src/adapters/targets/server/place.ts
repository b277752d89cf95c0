import { homedir } from "node:os";
import { join } from "node:path";

import { problem, ProblemError } from "../../../base/problem.ts";
import type { TargetConnection } from "../../../deployment/target.ts";
import { checkServerOptions, parseAddress, SERVER_DEFAULTS, splitOptions } from "./options.ts";
import type { Address, ServerOptions } from "./options.ts";
import type { Greeting } from "./wire.ts";

/** Where one environment lives: which server, which folder there, and what the processes there are told. */
export interface ServerPlace {
  readonly name: string;
  readonly server: ServerOptions;
  readonly address: Address;
  /** As people see it: `deploy@films.example.com`. */
  readonly label: string;
  readonly greeting: Greeting;
  /** Whether the server gets its certificates from an authority. */
  readonly hasAcme: boolean;
}

/** Throws CONFIG_INVALID for options that make no sense. Those of the processes are checked on the server as well. */
export function placeOf(connection: TargetConnection): ServerPlace {
  const { name, options, configuration, recording = null } = connection;
  const { own, others } = splitOptions(options);
  const whole = { ...SERVER_DEFAULTS, ...own };
  const problems = checkServerOptions(whole).map((message) =>
    problem("CONFIG_INVALID", { place: `environment ${name}, target`, message }),
  );
  if (problems.length > 0) throw new ProblemError(problems);
  const server = whole as unknown as ServerOptions;
  const address = parseAddress(server.address);
  if (address === null) throw new Error("the address was checked");
  const greeting = { name, configuration, recording, options: others as Greeting["options"] };
  return { name, server, address, label: server.address, greeting, hasAcme: hasAcme(others["tls"]) };
}

function hasAcme(tls: unknown): boolean {
  return typeof tls === "object" && tls !== null && "acme" in tls;
}

/** A local path in which `~/` stands for the user's home. */
export function localPath(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
