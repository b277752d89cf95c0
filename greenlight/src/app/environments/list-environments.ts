import type { Clock } from "../../base/clock.ts";
import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { DeploymentRecord, DeploymentStateName, EnvironmentState } from "../../deployment/environment.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { connectEnvironment } from "./connect-environment.ts";

export interface ListedEnvironment extends EnvironmentState {
  readonly environment: string;
  readonly waiting: readonly ListedWait[];
  /** Newest first. */
  readonly history: readonly ListedDeployment[];
}

interface ListedWait {
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly digest: string;
  readonly since: string;
  /** ISO 8601, UTC; null: never. */
  readonly expiresAt: string | null;
  /** Given already, and not yet acted upon. */
  readonly answer: { readonly answer: string; readonly by: string; readonly why: string } | null;
}

export interface ListedDeployment extends Pick<
  DeploymentRecord,
  "id" | "kind" | "releaseId" | "digest" | "previousReleaseId" | "who" | "why" | "runId"
> {
  /** The state it has come to; unless it is a last one, the deployment is under way or its controller is gone. */
  readonly state: DeploymentStateName;
  readonly reason: string;
  readonly startedAt: string;
  /** When it came to its state. */
  readonly at: string;
  readonly approvedBy: string | null;
}

export interface ListedEnvironments {
  readonly project: string;
  readonly environments: readonly ListedEnvironment[];
  /** Of environments that can't be asked. */
  readonly problems: readonly Problem[];
}

/** All environments of the project, also those on other machines, or the named one. Starts nothing. Throws ENVIRONMENT_UNKNOWN. */
export async function listEnvironments(request: {
  readonly place: ProjectPlace;
  readonly blueprint: Blueprint;
  readonly clock: Clock;
  readonly only: string | undefined;
  readonly limit: number;
}): Promise<ListedEnvironments> {
  const { blueprint, only } = request;
  if (only !== undefined && !Object.hasOwn(blueprint.environments, only)) {
    const message = `the project has: ${Object.keys(blueprint.environments).join(", ") || "none"}`;
    throw new ProblemError([problem("ENVIRONMENT_UNKNOWN", { place: only, message })]);
  }
  const chosen = Object.entries(blueprint.environments).filter(([name]) => only === undefined || name === only);
  const problems: Problem[] = [];
  const listed = await Promise.all(
    chosen.map(async ([name, definition]) => {
      try {
        return [await list(request, name, definition)];
      } catch (error) {
        if (!(error instanceof ProblemError) || only !== undefined) throw error;
        problems.push(...error.problems);
        return [];
      }
    }),
  );
  return { project: blueprint.name, environments: listed.flat(), problems };
}

async function list(
  { place, clock, limit }: { readonly place: ProjectPlace; readonly clock: Clock; readonly limit: number },
  name: string,
  definition: EnvironmentDefinition,
): Promise<ListedEnvironment> {
  const { folder: projectFolder, stateFolder } = place;
  const environment = await connectEnvironment({ name, definition, projectFolder, stateFolder, clock });
  const [state, waiting, history] = await Promise.all([
    environment.observe(),
    environment.waiting(),
    environment.history(limit),
  ]);
  return {
    environment: name,
    ...state,
    waiting: waiting.map(({ deployment, expiresAt, answer }) => ({
      deploymentId: deployment.id,
      releaseId: deployment.releaseId,
      digest: deployment.digest,
      since: deployment.approvalWait?.at ?? deployment.transitions.at(-1)?.at ?? "",
      expiresAt,
      answer: answer === null ? null : { answer: answer.answer, by: answer.by, why: answer.why },
    })),
    history: history.map(listDeployment),
  };
}

function listDeployment(record: DeploymentRecord): ListedDeployment {
  const { id, kind, releaseId, digest, previousReleaseId, who, why, runId, approval, transitions } = record;
  const last = transitions.at(-1);
  return {
    id,
    kind,
    releaseId,
    digest,
    previousReleaseId,
    who,
    why,
    runId,
    state: last?.state ?? "queued",
    reason: last?.why ?? "",
    startedAt: transitions[0]?.at ?? "",
    at: last?.at ?? "",
    approvedBy: approval?.by ?? null,
  };
}
