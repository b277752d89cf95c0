import { existsSync } from "node:fs";
import { basename, join } from "node:path";

import type { Clock } from "../base/clock.ts";
import { problem, ProblemError, type Problem } from "../base/problem.ts";
import type { ProjectPlace } from "./find-project.ts";
import { seeEnvironments, type SeenEnvironment } from "./see-environments.ts";

/** A unit of the system is there from boot on; one of a user only while they may have processes. */
export type UnitScope = "user" | "system";

export interface UnitOf {
  readonly project: string;
  readonly environment: string;
  /** Absolute folder of the environment. */
  readonly folder: string;
  readonly scope: UnitScope;
}

export interface UnitState {
  readonly unit: string;
  readonly path: string;
  readonly scope: UnitScope;
  readonly isInstalled: boolean;
  /** The file says what this copy of Greenlight would write now. */
  readonly isCurrent: boolean;
  readonly isEnabled: boolean;
  readonly isActive: boolean;
  /** Whether units of this user run without a login; null where it can't be told, or does not matter. */
  readonly isLingering: boolean | null;
}

/** The port to the service manager of the system. Installing and removing are idempotent. */
export interface KeeperUnits {
  usualScope(): UnitScope;
  describeUnit(of: UnitOf): { readonly name: string; readonly path: string; readonly text: string };
  installUnit(of: UnitOf): Promise<readonly Problem[]>;
  /** What runs goes on. */
  removeUnit(of: UnitOf): readonly Problem[];
  readUnit(of: UnitOf): UnitState;
}

export interface KeptEnvironment {
  readonly of: Omit<UnitOf, "scope">;
  readonly seen: SeenEnvironment;
}

/** The environments that live on this machine, or the named one; also where the definition does not load. */
export async function keptEnvironments(request: {
  readonly place: ProjectPlace;
  readonly clock: Clock;
  readonly only: string | undefined;
}): Promise<readonly KeptEnvironment[]> {
  const { place, only } = request;
  const { project, environments, problems } = await seeEnvironments(request);
  const folderOf = (name: string): string => join(place.stateFolder, "environments", name);
  const here = environments.filter(({ environment }) => existsSync(folderOf(environment)));
  const chosen = here.filter(({ environment }) => only === undefined || environment === only);
  if (chosen.length > 0) {
    return chosen.map((seen) => {
      const { environment } = seen;
      return { of: { project: project ?? basename(place.folder), environment, folder: folderOf(environment) }, seen };
    });
  }
  if (problems.length > 0) throw new ProblemError(problems);
  const known = here.map(({ environment }) => environment).join(", ") || "none";
  const message = `nothing was deployed there on this machine; there is: ${known}`;
  const remedy = "deploy to it first: `greenlight up`";
  throw new ProblemError([problem("ENVIRONMENT_UNKNOWN", { place: only ?? place.folder, message, remedy })]);
}
