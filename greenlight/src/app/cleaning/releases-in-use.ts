import type { DeploymentRecord } from "../../deployment/environment.ts";

/** What an environment says of its releases. */
export interface EnvironmentFacts {
  readonly name: string;
  /** Id of the release that has the traffic; null: none. */
  readonly live: string | null;
  /** Ids of those that run or are parked beside it. */
  readonly slots: readonly string[];
  /** Newest first. */
  readonly history: readonly DeploymentRecord[];
  /** Where `rollback` would go; null: nowhere. */
  readonly previous: string | null;
  /** Deployments of which prediction logs are kept, whose answers somebody may ask to be reproduced; null: nobody can tell. */
  readonly logged: ReadonlySet<string> | null;
}

export interface ReleaseInUse {
  readonly releaseId: string;
  /** Null: no record tells it. */
  readonly digest: string | null;
  /** As clauses: "live in production". */
  readonly why: readonly string[];
  /** Runs that deployed it. */
  readonly runIds: readonly string[];
}

/** Of so many deployments environments keep the prediction logs. */
const LOGGED_COUNT = 10;

/**
 * The releases that may not go: live, in a slot, under way or waiting, where a rollback goes, the newest `keep` that had the
 * traffic, and those of kept prediction logs.
 */
export function releasesInUse(environments: readonly EnvironmentFacts[], keep: number): readonly ReleaseInUse[] {
  const found = new Map<string, { digest: string | null; why: Set<string>; runIds: Set<string> }>();
  for (const environment of environments) {
    for (const [releaseId, why] of reasonsIn(environment, keep)) {
      const known = found.get(releaseId) ?? { digest: null, why: new Set(), runIds: new Set() };
      known.why.add(`${why} ${environment.name}`);
      found.set(releaseId, known);
    }
  }
  for (const { releaseId, digest, runId } of environments.flatMap(({ history }) => history)) {
    const known = found.get(releaseId);
    if (known === undefined) continue;
    known.digest = digest;
    if (runId !== "") known.runIds.add(runId);
  }
  return [...found].map(([releaseId, { digest, why, runIds }]) => {
    return { releaseId, digest, why: [...why], runIds: [...runIds] };
  });
}

/** The first reason that there is for each. */
function reasonsIn(environment: EnvironmentFacts, keep: number): ReadonlyMap<string, string> {
  const { live, slots, history, previous, logged } = environment;
  const reasons = new Map<string, string>();
  const add = (releaseId: string | null, why: string): void => {
    if (releaseId !== null && !reasons.has(releaseId)) reasons.set(releaseId, why);
  };
  add(live, "live in");
  for (const each of slots) add(each, "warm in");
  for (const each of history) if (!isOver(each)) add(each.releaseId, `${stateOf(each)} in`);
  add(previous, "the way back of");
  const served = [...new Set(history.filter((each) => stateOf(each) === "succeeded").map((each) => each.releaseId))];
  for (const each of served.slice(0, keep)) add(each, `one of the last ${keep} of`);
  for (const [at, each] of history.entries()) {
    const isLogged = logged === null ? at < LOGGED_COUNT && hadTraffic(each) : logged.has(each.id);
    if (isLogged) add(each.releaseId, "in the prediction logs of");
  }
  return reasons;
}

function stateOf({ transitions }: DeploymentRecord): string {
  return transitions.at(-1)?.state ?? "queued";
}

/** One that needs a person is not over: that person may want it. */
function isOver(record: DeploymentRecord): boolean {
  const state = stateOf(record);
  return state === "succeeded" || state === "aborted" || state === "rolled-back";
}

function hadTraffic({ transitions }: DeploymentRecord): boolean {
  return transitions.some(({ state }) => state === "baking" || state === "succeeded");
}
