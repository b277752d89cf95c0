import type { Delivery, DeliveryAnswer, NoticeChannel } from "../../../app/outbox/notice-channel.ts";
import type { Notice, NoticeState } from "../../../app/outbox/notice.ts";
import type { Json } from "../../../base/json.ts";
import type { GithubAnswer, GithubClient } from "./github-client.ts";
import type { GithubOptions } from "./options.ts";

export interface GithubPlace extends Pick<GithubOptions, "production" | "transient"> {
  readonly repository: string;
  /** `https://github.com`. */
  readonly serverUrl: string;
}

/** What GitHub calls it, and how far a deployment has come by then: a status that comes late must not set it back. */
const STATUSES: Readonly<Record<Exclude<NoticeState, "created">, { readonly state: string; readonly rank: number }>> = {
  waiting: { state: "pending", rank: 1 },
  "in-progress": { state: "in_progress", rank: 2 },
  live: { state: "success", rank: 3 },
  failed: { state: "failure", rank: 3 },
  errored: { state: "error", rank: 3 },
  withdrawn: { state: "inactive", rank: 4 },
  replaced: { state: "inactive", rank: 4 },
  stopped: { state: "inactive", rank: 4 },
};
const PAGE = 100;
const MOST_PAGES = 5;
/** GitHub's limit of a deployment's and a status's description. */
const DESCRIPTION_CHARACTERS = 140;

/** What the channel keeps of a subject: GitHub's number for the deployment, or that it is not told of it at all. */
interface Memory {
  readonly deployment: number | null;
  readonly isUnknown: boolean;
}

/**
 * GitHub's Deployments API as a channel: https://docs.github.com/rest/deployments. A deployment is known again by the id in its
 * payload, a status by its state, since a deployment enters each state once.
 */
export function githubChannel(client: GithubClient, place: GithubPlace): NoticeChannel {
  const root = `/repos/${place.repository}/deployments`;

  return {
    name: `github ${place.repository}`,
    deliver: async (delivery, signal) => {
      const { notice, isUncertain } = delivery;
      let memory = readMemory(delivery.memory);
      if (memory.isUnknown) return delivered(memory, false);
      if (memory.deployment === null && isUncertain) {
        const found = await findDeployment(notice, signal);
        if (typeof found === "object") return undelivered(found, memory, place);
        memory = { ...memory, deployment: found === 0 ? null : found };
        if (memory.deployment === null && !delivery.mayCreate)
          return delivered({ deployment: null, isUnknown: true }, false);
      }
      const isNew = memory.deployment === null;
      if (isNew) {
        const made = await client.call({ method: "POST", path: root, body: deploymentBody(notice, place) }, signal);
        if (made.kind !== "ok") return undelivered(made, memory, place);
        const id = idOf(made.body);
        if (id === null) return undelivered(odd("a deployment without an id"), memory, place);
        memory = { ...memory, deployment: id };
      }
      if (notice.state === "created") return delivered(memory, isNew);
      return tellState({ ...delivery, isUncertain: isUncertain && !isNew }, memory, signal);
    },
  };

  async function tellState(delivery: Delivery, memory: Memory, signal: AbortSignal): Promise<DeliveryAnswer> {
    const { notice, isUncertain } = delivery;
    if (notice.state === "created") return delivered(memory, false);
    const { state, rank } = STATUSES[notice.state];
    const path = `${root}/${memory.deployment}/statuses`;
    if (isUncertain) {
      const listed = await client.call({ method: "GET", path: `${path}?per_page=${PAGE}` }, signal);
      if (listed.kind !== "ok") return undelivered(listed, memory, place);
      if (!Array.isArray(listed.body)) return undelivered(odd("no list of statuses"), memory, place);
      if (listed.body.some((each) => rankOf(each) >= rank)) return delivered(memory, false);
    }
    const told = await client.call({ method: "POST", path, body: statusBody(notice, state, place) }, signal);
    return told.kind === "ok" ? delivered(memory, true) : undelivered(told, memory, place);
  }

  /** GitHub's number of the notice's deployment, 0 when it has none. */
  async function findDeployment(
    { subject, deployment }: Notice,
    signal: AbortSignal,
  ): Promise<number | Exclude<GithubAnswer, { kind: "ok" }>> {
    const query = `environment=${encodeURIComponent(deployment.environment)}&sha=${deployment.commit}&per_page=${PAGE}`;
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const listed = await client.call({ method: "GET", path: `${root}?${query}&page=${page}` }, signal);
      if (listed.kind !== "ok") return listed;
      if (!Array.isArray(listed.body)) return odd("no list of deployments");
      const found = listed.body.find((each) => subjectOf(each) === subject);
      const id = idOf(found);
      if (id !== null) return id;
      if (listed.body.length < PAGE) break;
    }
    return 0;
  }
}

function deploymentBody({ subject, description, deployment }: Notice, place: GithubPlace): Record<string, Json> {
  const { environment, releaseId, digest, commit, runId, who } = deployment;
  return {
    ref: commit,
    task: "deploy",
    auto_merge: false,
    // What has to be checked was checked by the run.
    required_contexts: [],
    environment,
    description: bounded(description),
    payload: { greenlight: { deploymentId: subject, releaseId, digest, runId, who } },
    transient_environment: place.transient.includes(environment),
    production_environment: place.production.includes(environment),
  };
}

function statusBody({ description, deployment }: Notice, state: string, place: GithubPlace): Record<string, Json> {
  // Runs of GitHub's are called so by the compiled workflows.
  const run = /^ci-(\d{1,20})$/u.exec(deployment.runId)?.[1];
  return {
    state,
    description: bounded(description),
    environment: deployment.environment,
    environment_url: deployment.url,
    ...(run === undefined ? {} : { log_url: `${place.serverUrl}/${place.repository}/actions/runs/${run}` }),
    // The deployment that was replaced is told of by a notice of its own.
    auto_inactive: false,
  };
}

function bounded(text: string): string {
  return text.length <= DESCRIPTION_CHARACTERS ? text : `${text.slice(0, DESCRIPTION_CHARACTERS - 1)}…`;
}

/** The id of ours that a deployment of GitHub's carries; null: it is not ours. */
function subjectOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !("payload" in value)) return null;
  // Whoever made it may have sent it as text.
  const payload = typeof value.payload === "string" ? parseJson(value.payload) : value.payload;
  if (typeof payload !== "object" || payload === null || !("greenlight" in payload)) return null;
  const own = payload.greenlight as { readonly deploymentId?: unknown } | null;
  return typeof own?.deploymentId === "string" ? own.deploymentId : null;
}

function rankOf(value: unknown): number {
  const state = typeof value === "object" && value !== null && "state" in value ? value.state : null;
  return Object.values(STATUSES).find((each) => each.state === state)?.rank ?? 0;
}

function idOf(value: unknown): number | null {
  const id = typeof value === "object" && value !== null && "id" in value ? value.id : null;
  return typeof id === "number" && Number.isSafeInteger(id) && id > 0 ? id : null;
}

function readMemory(value: Json): Memory {
  const { deployment = null, isUnknown = false } = (value ?? {}) as Partial<Memory>;
  return { deployment, isUnknown };
}

function delivered(memory: Memory, isNew: boolean): DeliveryAnswer {
  return { kind: "delivered", memory: { ...memory }, isNew };
}

function undelivered(
  answer: Exclude<GithubAnswer, { kind: "ok" }>,
  memory: Memory,
  place: GithubPlace,
): DeliveryAnswer {
  if (answer.kind === "later") return { ...answer, memory: { ...memory } };
  return { kind: "refused", memory: { ...memory }, why: answer.why, remedy: remedyOf(answer.status, place) };
}

function remedyOf(status: number, { repository }: GithubPlace): string {
  switch (status) {
    case 401:
      return "give a GITHUB_TOKEN that holds, then `greenlight notices --retry`";
    case 403:
      return "give the token the right to write deployments (in a workflow: `deployments: write`), then `greenlight notices --retry`";
    case 404:
      return `check that ${repository} is the repository and that the token may see it, then \`greenlight notices --retry\``;
    case 422:
      return "push the commit that was deployed, then `greenlight notices --retry`";
    default:
      return status >= 300 && status < 400
        ? "give the repository's present name, then `greenlight notices --retry`"
        : "mend what GitHub says, then `greenlight notices --retry`";
  }
}

function odd(what: string): Extract<GithubAnswer, { kind: "later" }> {
  return { kind: "later", why: `GitHub answered with ${what}`, waitMs: null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
