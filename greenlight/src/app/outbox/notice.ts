/**
 * Something that has changed, as others are told of it. Its id follows from the change, so that whoever derives it
 * again, on whatever machine, derives the same.
 */
export interface Notice {
  /** `SUBJECT/STATE`. */
  readonly id: string;
  /** Notices of one subject are delivered in order: the deployment's id. */
  readonly subject: string;
  /** When it changed, ISO 8601, UTC. */
  readonly at: string;
  readonly state: NoticeState;
  /** One clause for people. */
  readonly description: string;
  readonly deployment: NoticeDeployment;
}

/** In the order in which a deployment goes through them; `live` to `withdrawn` exclude each other. */
export type NoticeState = (typeof NOTICE_STATES)[number];

const NOTICE_STATES = [
  "created",
  /** For a person's approval. */
  "waiting",
  "in-progress",
  "live",
  "failed",
  /** It says nothing about the release. */
  "errored",
  /** Cancelled or superseded before it came to anything. */
  "withdrawn",
  /** Another release has taken its place. */
  "replaced",
  /** The environment was stopped while it was live. */
  "stopped",
] as const;

/** What does not change while the deployment goes on. */
export interface NoticeDeployment {
  readonly environment: string;
  readonly releaseId: string;
  readonly digest: string;
  readonly commit: string;
  readonly runId: string;
  readonly who: string;
  /** Where the environment answers. */
  readonly url: string;
}

/** Null when `value`, read from a file, is no notice. */
export function parseNotice(value: unknown): Notice | null {
  if (typeof value !== "object" || value === null) return null;
  const { id, subject, at, state, description, deployment } = value as Partial<Record<keyof Notice, unknown>>;
  if (![id, subject, at, description].every((text) => typeof text === "string")) return null;
  if (!NOTICE_STATES.some((each) => each === state)) return null;
  if (typeof deployment !== "object" || deployment === null) return null;
  const texts = ["environment", "releaseId", "digest", "commit", "runId", "who", "url"] as const;
  const fields = deployment as Partial<Record<keyof NoticeDeployment, unknown>>;
  return texts.every((name) => typeof fields[name] === "string") ? (value as Notice) : null;
}
