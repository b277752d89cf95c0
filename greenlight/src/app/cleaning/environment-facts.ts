import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { Clock } from "../../base/clock.ts";
import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { Environment } from "../../deployment/environment.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import { connectEnvironment } from "../environments/connect-environment.ts";
import type { ProjectPlace } from "../find-project.ts";
import type { EnvironmentFacts } from "./releases-in-use.ts";

/** As many records as an environment gives. */
const ALL = 1000;

export interface AskedEnvironments {
  readonly facts: readonly EnvironmentFacts[];
  readonly environments: readonly Environment[];
  /** Of those that could not tell all that they have: then nobody knows which releases they need. */
  readonly problems: readonly Problem[];
}

/**
 * Asks every environment that the definition names, wherever it is, and those whose folders are still here, what releases it has. Starts
 * nothing and changes nothing.
 */
export async function askEnvironments(request: {
  readonly place: ProjectPlace;
  readonly blueprint: Blueprint;
  readonly clock: Clock;
}): Promise<AskedEnvironments> {
  const { place, blueprint, clock } = request;
  const defined = Object.entries(blueprint.environments);
  const left = leftFolders(place.stateFolder, new Set(Object.keys(blueprint.environments)));
  const facts: EnvironmentFacts[] = [];
  const environments: Environment[] = [];
  const problems: Problem[] = [];
  await Promise.all(
    [...defined, ...left].map(async ([name, definition]) => {
      try {
        const { folder: projectFolder, stateFolder } = place;
        const environment = await connectEnvironment({ name, definition, projectFolder, stateFolder, clock });
        const told = {
          ...(await ask(environment)),
          logged: definition.target.isLocal ? loggedIn(stateFolder, name) : null,
        };
        const missing = unreadRecords(stateFolder, told);
        if (missing > 0) {
          const message = `${missing} of its records of deployments can't be read`;
          problems.push(problem("STORE_UNREADABLE", { place: `environment ${name}`, message }));
        }
        environments.push(environment);
        facts.push(told);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        problems.push(...error.problems);
      }
    }),
  );
  return { facts: facts.toSorted((a, b) => (a.name < b.name ? -1 : 1)), environments, problems };
}

async function ask(environment: Environment): Promise<Omit<EnvironmentFacts, "logged">> {
  const [state, history, previous] = await Promise.all([
    environment.observe(),
    environment.history(ALL),
    environment.chooseRollback(undefined),
  ]);
  return {
    name: environment.name,
    live: state.live?.releaseId ?? null,
    slots: state.slots.map(({ releaseId }) => releaseId),
    history,
    previous: previous.ok ? previous.value.releaseId : null,
  };
}

/** A local environment keeps one file a deployment; a service that logs nothing leaves none. */
function loggedIn(stateFolder: string, name: string): ReadonlySet<string> {
  const folder = join(stateFolder, "environments", name, "predictions");
  if (!existsSync(folder)) return new Set();
  return new Set(readdirSync(folder).map((file) => file.split(".")[0] ?? ""));
}

/**
 * History leaves out what it can't read; here that would look as if nobody needed it. A torn `ID.latest.json` alone is of a deployment
 * that had not begun to change what anybody is served.
 */
function unreadRecords(stateFolder: string, { name, history }: Pick<EnvironmentFacts, "name" | "history">): number {
  const folder = join(stateFolder, "environments", name, "deployments");
  if (!existsSync(folder)) return 0;
  const known = new Set(history.map(({ id }) => `${id}.json`));
  const records = readdirSync(folder).filter((file) => /^[0-9a-z]{16}\.json$/u.test(file));
  return records.filter((file) => !known.has(file)).length;
}

/** Folders of environments that the definition does not name any more. Only one target keeps its truth in such a folder. */
function leftFolders(stateFolder: string, defined: ReadonlySet<string>): [string, EnvironmentDefinition][] {
  const root = join(stateFolder, "environments");
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((each) => each.isDirectory() && !defined.has(each.name))
    .map(({ name }) => {
      // Which port it would have matters to nobody who only reads its records.
      const target = { kind: "processes", module: "greenlight/targets/processes", isLocal: true, options: { port: 1 } };
      return [name, { target, branches: [] }];
    });
}
