import type { DeploymentRecord, DeploymentStateName, Transition } from "../../deployment/environment.ts";
import type { Notice, NoticeDeployment, NoticeState } from "./notice.ts";

/** A deployment's notices in order, oldest first. */
export interface SubjectNotices {
  readonly subject: string;
  readonly notices: readonly Notice[];
}

/** What the record of a deployment knows beyond what all see of it. */
type Told = DeploymentRecord & {
  readonly failure?: { readonly kind: string; readonly why: string } | null;
  readonly interruption?: { readonly kind: string; readonly why: string } | null;
};

/**
 * The notices that follow from an environment's deployments, `records` newest first. The record is the outbox's source: a
 * change and its notice are one write. As a record grows, notices are only ever added at the end of its list.
 * A deployment of an unknown commit has none, because a code host could not place it.
 */
export function deriveNotices(records: readonly DeploymentRecord[], url: string): readonly SubjectNotices[] {
  const liveIndex = records.findIndex(({ transitions }) => transitions.at(-1)?.state === "succeeded");
  return records.flatMap((record, index) => {
    const successor = liveIndex >= 0 && index > liveIndex ? nextLive(records, index) : null;
    const notices = noticesOf(record, successor, url);
    return notices.length === 0 ? [] : [{ subject: record.id, notices }];
  });
}

/** The first one after `index` that went live. */
function nextLive(records: readonly DeploymentRecord[], index: number): DeploymentRecord | null {
  return records.slice(0, index).findLast(({ transitions }) => transitions.at(-1)?.state === "succeeded") ?? null;
}

function noticesOf(record: Told, successor: DeploymentRecord | null, url: string): readonly Notice[] {
  const { id, environment, releaseId, digest, runId, who, commit = null, transitions } = record;
  if (commit === null) return [];
  const deployment: NoticeDeployment = { environment, releaseId, digest, commit, runId, who, url };
  const notice = (state: NoticeState, at: string, description: string): Notice => ({
    id: `${id}/${state}`,
    subject: id,
    at,
    state,
    description,
    deployment,
  });
  const first = (state: DeploymentStateName): Transition | undefined =>
    transitions.find((each) => each.state === state);

  const last = transitions.at(-1);
  const begun = transitions[0];
  if (last === undefined || begun === undefined) return [];
  const waiting = first("awaiting-approval");
  const started = first("starting-green") ?? first("switching");
  const end = endOf(record, last);
  return [
    notice("created", begun.at, `${releaseId}: ${record.why}`),
    ...(waiting === undefined ? [] : [notice("waiting", waiting.at, "waits for an approval")]),
    ...(started === undefined ? [] : [notice("in-progress", started.at, started.why)]),
    ...(end === null ? [] : [notice(end.state, last.at, end.description)]),
    ...(end?.state === "live" && record.stoppedAt !== undefined
      ? [notice("stopped", record.stoppedAt, "the environment was stopped")]
      : []),
    ...(end?.state === "live" && record.stoppedAt === undefined && successor !== null
      ? [notice("replaced", successor.transitions.at(-1)?.at ?? last.at, `replaced by ${successor.releaseId}`)]
      : []),
  ];
}

function endOf(
  { failure = null, interruption = null }: Told,
  { state, why }: Transition,
): { readonly state: NoticeState; readonly description: string } | null {
  switch (state) {
    case "succeeded":
      return { state: "live", description: why };
    case "needs-human":
      return { state: "errored", description: `needs a person: ${why}` };
    case "rolled-back":
      return { state: "failed", description: `rolled back: ${failure?.why ?? why}` };
    case "aborted":
      if (failure !== null || interruption === null)
        return { state: "failed", description: `aborted: ${failure?.why ?? why}` };
      return { state: interruption.kind === "abandoned" ? "errored" : "withdrawn", description: interruption.why };
    default:
      return null;
  }
}
