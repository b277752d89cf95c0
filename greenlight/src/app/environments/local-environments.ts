import type { Clock } from "../../base/clock.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import type { Environment } from "../../deployment/environment.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import type { ProjectPlace } from "../find-project.ts";
import { connectEnvironment } from "./connect-environment.ts";

/** The project's environments on this machine, in the order of the definition; or the named one, wherever it is. */
export async function localEnvironments(options: {
  readonly place: ProjectPlace;
  readonly blueprint: Blueprint;
  readonly clock: Clock;
  readonly only?: string | undefined;
}): Promise<readonly Environment[]> {
  const { place, blueprint, only } = options;
  if (only !== undefined && !Object.hasOwn(blueprint.environments, only)) {
    const known = Object.keys(blueprint.environments).join(", ") || "none";
    throw new ProblemError([problem("ENVIRONMENT_UNKNOWN", { place: only, message: `the project has: ${known}` })]);
  }
  const chosen = Object.entries(blueprint.environments).filter(([name, each]) =>
    only === undefined ? each.target.isLocal : name === only,
  );
  return Promise.all(
    chosen.map(([name, definition]) =>
      connectEnvironment({
        name,
        definition,
        projectFolder: place.folder,
        stateFolder: place.stateFolder,
        clock: options.clock,
      }),
    ),
  );
}
