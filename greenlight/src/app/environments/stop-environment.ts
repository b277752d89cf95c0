import type { Clock } from "../../base/clock.ts";
import type { Environment } from "../../deployment/environment.ts";
import type { CodeHostDescriptor } from "../../pipeline/definition.ts";

/**
 * Stops an environment, and tells the code host that what was live there is so no more. Telling is bounded in time and never
 * changes what becomes of the stop; what is not told now is told by a later command. Rejects as `Environment.stop` does.
 */
export async function stopEnvironment(options: {
  readonly environment: Environment;
  /** Null: nobody is told. */
  readonly codeHost: CodeHostDescriptor | null;
  /** Absolute. */
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly clock: Clock;
  log(line: string): void;
}): Promise<Awaited<ReturnType<Environment["stop"]>>> {
  const { environment, codeHost } = options;
  if (codeHost === null) return environment.stop();
  const { openDeploymentNotices } = await import("../outbox/deployment-notices.ts");
  const result = await environment.stop();
  const notices = await openDeploymentNotices({
    ...options,
    env: process.env,
    isAbsenceKnown: true,
    url: async () => (await environment.observe()).url,
    history: (limit) => environment.history(limit),
  });
  await notices.close();
  return result;
}
