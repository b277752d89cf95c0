import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isFinished, stateOf, type Deployment } from "./deployment.ts";
import type { LiveRelease } from "./target.ts";

export interface RollbackChoice {
  readonly releaseId: string;
  readonly digest: string;
  /** The deployment that brought it here. */
  readonly deployment: Deployment;
}

export interface RollbackQuestion {
  readonly environment: string;
  readonly live: LiveRelease | null;
  /** Newest first. */
  readonly deployments: readonly Deployment[];
  /** A release or a deployment, or the beginning of its id or digest; undefined: what was live before. */
  readonly to: string | undefined;
}

const TOLD_COUNT = 5;

/** Which release to go back to. Only what had the traffic here counts: anything else would be a deployment. */
export function chooseRollback(question: RollbackQuestion): Result<RollbackChoice, Problem> {
  return question.to === undefined ? previous(question) : named(question, question.to);
}

/** While a deployment is under way: what was live before it began. Else what was live before what is live now. */
function previous({ environment, live, deployments }: RollbackQuestion): Result<RollbackChoice, Problem> {
  const underWay = deployments.find((each) => !isFinished(each) && stateOf(each) !== "awaiting-approval");
  if (underWay !== undefined && underWay.kind === "deployment" && underWay.blue !== null) {
    const before = choiceOf(underWay.blue.deploymentId, deployments);
    if (before !== null) return ok(before);
  }
  if (live === null) return impossible(environment, "nothing is live here");
  const seen = new Set<string>();
  let id: string | undefined = live.deploymentId;
  while (id !== undefined && !seen.has(id)) {
    seen.add(id);
    const at = deployments.find((each) => each.id === id);
    // A rollback that started a release anew stands where that release stood: before it was not what it took back.
    const own = at?.kind === "rollback" ? (restoredBy(at, deployments) ?? at) : at;
    id = own?.blue?.deploymentId;
    const before = id === undefined ? null : choiceOf(id, deployments);
    if (before !== null && before.digest !== live.digest) return ok(before);
  }
  const earlier = deployments.find((each) => each.id < live.deploymentId && isCandidate(each, live, deployments));
  if (earlier !== undefined) return ok(asChoice(earlier));
  return impossible(environment, `nothing else was live here before ${live.releaseId}`);
}

function named({ environment, deployments }: RollbackQuestion, to: string): Result<RollbackChoice, Problem> {
  const matching = deployments.filter(({ id, releaseId, digest }) => {
    return to !== "" && (id.startsWith(to) || releaseId.startsWith(to) || digest.startsWith(to));
  });
  const served = matching.filter(hasServed);
  const [first] = served;
  const digests = new Set(served.map(({ digest }) => digest));
  if (first !== undefined && digests.size === 1) return ok(asChoice(first));
  if (first !== undefined) {
    const told = [...new Set(served.map(({ releaseId }) => releaseId))].slice(0, TOLD_COUNT).join(", ");
    return impossible(environment, `"${to}" may be ${told}`);
  }
  const [failed] = matching;
  if (failed !== undefined) {
    return impossible(
      environment,
      `${failed.releaseId} never had the traffic here; its deployment is ${stateOf(failed)}`,
    );
  }
  const told = [...new Set(deployments.filter(hasServed).map(({ releaseId }) => releaseId))].slice(0, TOLD_COUNT);
  const which = told.length === 0 ? "nothing was" : `these were: ${told.join(", ")}`;
  return impossible(environment, `"${to}" was never live here; ${which}`);
}

function restoredBy(rollback: Deployment, deployments: readonly Deployment[]): Deployment | null {
  const found = deployments.find(
    (each) => each.kind === "deployment" && each.id < rollback.id && each.digest === rollback.digest && hasServed(each),
  );
  return found ?? null;
}

function isCandidate(each: Deployment, live: LiveRelease, deployments: readonly Deployment[]): boolean {
  const isTakenBack = deployments.some((other) => other.kind === "rollback" && other.blue?.deploymentId === each.id);
  return each.kind === "deployment" && each.digest !== live.digest && hasServed(each) && !isTakenBack;
}

function hasServed(deployment: Deployment): boolean {
  return stateOf(deployment) === "succeeded";
}

function choiceOf(id: string, deployments: readonly Deployment[]): RollbackChoice | null {
  const found = deployments.find((each) => each.id === id);
  return found === undefined ? null : asChoice(found);
}

function asChoice(deployment: Deployment): RollbackChoice {
  const { releaseId, digest } = deployment;
  return { releaseId, digest, deployment };
}

function impossible(place: string, message: string): Result<never, Problem> {
  return err(problem("ROLLBACK_IMPOSSIBLE", { place, message }));
}
