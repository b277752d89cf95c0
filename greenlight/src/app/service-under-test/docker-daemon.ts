import { z } from "zod";

import { problem, ProblemError } from "../../base/problem.ts";
import { findProgram } from "../../engine/tools/find-program.ts";
import { Docker, jsonOrNull, saidBy } from "./docker.ts";

export interface DockerDaemon {
  readonly docker: Docker;
  /** As Docker writes platforms: `linux/amd64`. */
  readonly platform: string;
}

/** Milliseconds in which a daemon has to say who it is. */
const ASK_MS = 30_000;
const SERVER = z.object({ Os: z.string().min(1), Arch: z.string().min(1) });

/**
 * The Docker daemon that the environment names. Throws a ProblemError that says which of these it is: no client (DOCKER_MISSING),
 * no daemon (DOCKER_UNREACHABLE), no right to use it (DOCKER_REFUSED), or one on another machine (DOCKER_UNSUITABLE).
 */
export async function reachDocker(place: string, folder: string): Promise<DockerDaemon> {
  const fault = (code: Parameters<typeof problem>[0], message: string): ProblemError =>
    new ProblemError([problem(code, { place, message })]);
  const program = findProgram("docker", { path: process.env["PATH"] ?? "", folder });
  if (program === null) throw fault("DOCKER_MISSING", 'there is no program "docker" in PATH');
  const docker = new Docker(program);
  const answer = await docker.call(["version", "--format", "{{json .Server}}"], { limitMs: ASK_MS });
  const server = SERVER.safeParse(jsonOrNull(answer.stdout));
  if (answer.exitCode !== 0 || !server.success) {
    const said = saidBy(answer);
    throw fault(/permission denied/iu.test(said) ? "DOCKER_REFUSED" : "DOCKER_UNREACHABLE", said);
  }
  const where = await docker.call(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], {
    limitMs: ASK_MS,
  });
  const address = where.exitCode === 0 ? where.stdout.trim() : "";
  if (isElsewhere(address)) throw fault("DOCKER_UNSUITABLE", `the daemon is on another machine, at ${address}`);
  return { docker, platform: `${server.data.Os}/${server.data.Arch}` };
}

/** An address that is not understood is given the benefit of the doubt: the service's answer tells. */
export function isElsewhere(address: string): boolean {
  if (/^ssh:/iu.test(address)) return true;
  const host = /^(?:tcp|https?):\/\/(\[[^\]]*\]|[^:/]*)/iu.exec(address)?.[1]?.toLowerCase();
  return host !== undefined && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])?$/u.test(host);
}
