import { problem, type Problem } from "../base/problem.ts";
import { enteredAt, isFinished, stateOf, type Deployment } from "./deployment.ts";
import type { DeployOutcome } from "./environment.ts";

/** What a caller of `deploy` is told. `isAlready`: the deployment is the one that was live before. */
export function outcomeOf(
  deployment: Deployment,
  end: { readonly isAlready: boolean; readonly isTakenOver?: boolean },
): DeployOutcome {
  const { environment, releaseId, failure, interruption } = deployment;
  const last = deployment.transitions.at(-1)?.why ?? "";
  const answer = (kind: DeployOutcome["kind"], why: string): DeployOutcome => ({
    kind,
    why,
    deployment,
    problems: failure?.problems ?? [],
  });
  if (end.isAlready) return answer("already", `${environment} already serves ${releaseId}`);
  if (end.isTakenOver === true) {
    return takenOver(deployment);
  }
  const state = stateOf(deployment);
  // Somebody who cancels is told so, whatever became of the release; the record holds both.
  if (interruption?.kind === "cancelled" && state !== "needs-human") return answer("cancelled", `${last} (${state})`);
  switch (state) {
    case "succeeded":
      return answer("deployed", `${deployment.transitions[0]?.why ?? ""}; took ${tookMs(deployment)} ms`);
    case "awaiting-approval":
      return answer("waiting", `${releaseId} waits for an approval to go to ${environment}`);
    case "rolled-back":
      return answer("rolled-back", last);
    case "needs-human":
      return answer("needs-human", last);
    default:
      return answer(failure?.kind === "rejected" ? "rejected" : "aborted", last);
  }
}

/** Told from the record as the one who took it over has left it. */
function takenOver(deployment: Deployment): DeployOutcome {
  const { environment: place, interruption, releaseId } = deployment;
  const answer = (why: string, told: Problem): DeployOutcome => {
    return { kind: "aborted", why, deployment, problems: [told] };
  };
  if (!isFinished(deployment)) {
    const message = "it was stopped, or another deployment took it over";
    return answer(message, problem("ENVIRONMENT_BUSY", { place, message }));
  }
  const state = stateOf(deployment);
  const why = interruption?.why ?? deployment.transitions.at(-1)?.why ?? "";
  const message = `${releaseId}: ${why} (${state})`;
  const isSuperseded = interruption?.kind === "superseded" || interruption?.kind === "overruled";
  return answer(message, problem(isSuperseded ? "DEPLOYMENT_SUPERSEDED" : "ENVIRONMENT_BUSY", { place, message }));
}

function tookMs(deployment: Deployment): number {
  return enteredAt(deployment) - Date.parse(deployment.transitions[0]?.at ?? "");
}
