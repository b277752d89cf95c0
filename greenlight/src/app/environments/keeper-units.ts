import { existsSync } from "node:fs";
import { basename, join } from "node:path";

import type { Clock } from "../../base/clock.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import type { KeeperUnitAnswer, KeeperUnitOrder } from "../../deployment/keeper-unit.ts";
import type { ProjectPlace } from "../find-project.ts";
import { seeDistant, seeEnvironments, type SeenEnvironment } from "./see-environments.ts";

/** The port to the service manager of this machine. */
export interface KeeperUnits {
  obeyUnitOrder(of: UnitPlace, order: Pick<KeeperUnitOrder, "act" | "scope">): Promise<KeeperUnitAnswer>;
}

interface UnitPlace {
  readonly project: string;
  readonly environment: string;
  /** Absolute folder of the environment. */
  readonly folder: string;
}

export interface KeptEnvironment {
  readonly seen: SeenEnvironment;
  obey(order: Pick<KeeperUnitOrder, "act" | "scope">): Promise<KeeperUnitAnswer>;
}

/** The environments that live on this machine, also where the definition does not load; or the named one, wherever it lives. */
export async function keptEnvironments(request: {
  readonly place: ProjectPlace;
  readonly clock: Clock;
  readonly only: string | undefined;
  readonly units: KeeperUnits;
}): Promise<readonly KeptEnvironment[]> {
  const { place, only, units } = request;
  const { project, environments, problems } = await seeEnvironments(request);
  const folderOf = (name: string): string => join(place.stateFolder, "environments", name);
  const here = environments.filter(({ environment }) => existsSync(folderOf(environment)));
  const chosen = here.filter(({ environment }) => only === undefined || environment === only);
  if (chosen.length > 0) {
    return chosen.map((seen) => {
      const { environment } = seen;
      const of = { project: project ?? basename(place.folder), environment, folder: folderOf(environment) };
      return { seen, obey: (order) => units.obeyUnitOrder(of, order) };
    });
  }
  const distant = only === undefined ? null : await distantEnvironment(request, only);
  if (distant !== null) return [distant];
  if (problems.length > 0) throw new ProblemError(problems);
  const known = here.map(({ environment }) => environment).join(", ") || "none";
  const message = `nothing was deployed there on this machine; there is: ${known}`;
  throw nothingThere(only ?? place.folder, message);
}

/** Null: there is none of that name, or it keeps itself. */
async function distantEnvironment(
  request: { readonly place: ProjectPlace; readonly clock: Clock },
  name: string,
): Promise<KeptEnvironment | null> {
  const found = await seeDistant(request, name);
  if (found === null) return null;
  const { project, seen, target } = found;
  if (target.keeperUnit === undefined) return null;
  const ask = target.keeperUnit;
  return {
    seen,
    obey: async (order) => {
      const answer = await ask({ ...order, project });
      if (answer === null) throw nothingThere(name, "nothing was deployed there");
      return answer;
    },
  };
}

function nothingThere(place: string, message: string): ProblemError {
  const remedy = "deploy to it first: `greenlight up`, or `greenlight run` for one on another machine";
  return new ProblemError([problem("ENVIRONMENT_UNKNOWN", { place, message, remedy })]);
}
