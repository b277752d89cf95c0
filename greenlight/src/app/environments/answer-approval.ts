import type { Clock } from "../../base/clock.ts";
import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { ApprovalRecord } from "../../deployment/approval.ts";
import type { Environment, WaitingDeployment } from "../../deployment/environment.ts";
import type { RunView } from "../../engine/run-view.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import type { ProjectPlace } from "../find-project.ts";
import { connectEnvironment } from "./connect-environment.ts";

interface Project {
  readonly place: ProjectPlace;
  readonly blueprint: Blueprint;
  readonly clock: Clock;
}

export interface AnswerRequest extends Project {
  /** The environment to look at; undefined: all that want approvals. */
  readonly environment: string | undefined;
  /** A release's id or the beginning of its id or digest; undefined: the only one that waits. */
  readonly release: string | undefined;
  readonly answer: ApprovalRecord["answer"];
  readonly by: string;
  readonly why: string;
}

export interface Answered {
  readonly environment: string;
  /** The answer that stands now. */
  readonly approval: ApprovalRecord;
  /** False: somebody gave the same answer before. */
  readonly isNew: boolean;
}

interface Waiting extends WaitingDeployment {
  readonly environment: Environment;
}

/**
 * Answers for a person whether a deployment that waits may go on. Only writes the answer down; a run that waits notices, and one
 * that ended as waiting goes on with `resume`. Throws ENVIRONMENT_UNKNOWN, APPROVAL_NONE_WAITING, APPROVAL_UNCLEAR, or
 * APPROVAL_ANSWERED when it was rejected before.
 */
export async function answerApproval(request: AnswerRequest): Promise<Answered> {
  const { environment, deployment, answer: before } = chooseOne(await listWaiting(request), request);
  const { answer, by, why } = request;
  const given = await environment.answer(deployment.id, { answer, by, why, how: "command" });
  if (!given.ok) throw new ProblemError(given.error);
  const approval = given.value;
  if (approval.answer !== answer) {
    const message = `${approval.releaseId} was ${approval.answer} by ${approval.by} at ${approval.at}: ${approval.why}`;
    throw new ProblemError([problem("APPROVAL_ANSWERED", { place: environment.name, message })]);
  }
  const isNew = before === null || before.answer !== answer;
  return { environment: environment.name, approval, isNew };
}

/** Ends the deployments that a run left waiting in the project's environments. */
export async function withdrawDeployments(
  project: Project,
  { id, stages }: RunView,
  why: string,
): Promise<readonly Problem[]> {
  const names = new Set(stages.flatMap(({ steps }) => steps.flatMap(({ environment }) => environment ?? [])));
  const environments = await connect(project, (name) => names.has(name));
  const problems = await Promise.all(environments.map((each) => each.withdraw(id, why)));
  return problems.flat();
}

async function listWaiting(request: AnswerRequest): Promise<readonly Waiting[]> {
  const { environment: named, blueprint } = request;
  if (named !== undefined && !Object.hasOwn(blueprint.environments, named)) {
    const message = `the project has: ${Object.keys(blueprint.environments).join(", ") || "none"}`;
    throw new ProblemError([problem("ENVIRONMENT_UNKNOWN", { place: named, message })]);
  }
  const isWanted = (name: string): boolean =>
    named === undefined ? blueprint.environments[name]?.approval !== undefined : name === named;
  const environments = await connect(request, isWanted);
  const lists = await Promise.all(
    environments.map(async (environment) =>
      (await environment.waiting()).map((waiting) => ({ ...waiting, environment })),
    ),
  );
  return lists.flat();
}

function chooseOne(waiting: readonly Waiting[], { release, environment }: AnswerRequest): Waiting {
  const place = environment ?? "approvals";
  const fitting = waiting.filter(({ deployment: { releaseId, digest } }) => {
    return release === undefined || (release !== "" && (releaseId.startsWith(release) || digest.startsWith(release)));
  });
  const [first] = fitting;
  if (first === undefined) {
    const message = waiting.length === 0 ? "no deployment waits" : `${release} does not wait; ${list(waiting)} does`;
    throw new ProblemError([problem("APPROVAL_NONE_WAITING", { place, message })]);
  }
  if (fitting.length === 1) return first;
  throw new ProblemError([problem("APPROVAL_UNCLEAR", { place, message: `these wait: ${list(fitting)}` })]);
}

function list(waiting: readonly Waiting[]): string {
  return waiting
    .map(
      ({ environment, deployment }) =>
        `${deployment.releaseId} (digest ${deployment.digest.slice(0, 12)}) for ${environment.name}`,
    )
    .join(", ");
}

function connect(project: Project, isWanted: (name: string) => boolean): Promise<readonly Environment[]> {
  const { place, blueprint, clock } = project;
  return Promise.all(
    Object.entries(blueprint.environments)
      .filter(([name]) => isWanted(name))
      .map(([name, definition]) =>
        connectEnvironment({
          name,
          definition,
          projectFolder: place.folder,
          stateFolder: place.stateFolder,
          clock,
        }),
      ),
  );
}
