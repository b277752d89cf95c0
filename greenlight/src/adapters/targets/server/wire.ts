import type { Problem } from "../../../base/problem.ts";
import type { TargetConnection, TargetRelease } from "../../../deployment/target.ts";

/** What client and agent say to each other. Both are of one build: the agent's folder is named by its content. */

/** What the agent is asked: `id` names the answer. */
export interface AgentRequest {
  readonly id: number;
  readonly call: string;
  readonly args: readonly unknown[];
}

export interface AgentAnswer {
  readonly id: number;
  readonly value?: unknown;
  /** Set instead of a value when the call threw problems. */
  readonly problems?: readonly Problem[];
  /** Set instead of a value when the call threw anything else: a bug. */
  readonly bug?: string;
  /** Epochs of leases that this agent keeps and that somebody else has overtaken. */
  readonly lostEpochs?: readonly number[];
}

/** The first call. */
export type Greeting = Omit<TargetConnection, "folder">;

/** A release as it is sent; the agent knows by itself where its files lie. */
export type SentRelease = Pick<TargetRelease, "manifest" | "digest" | "releaseId">;

export interface WantedFile {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** A file that the server lacks. `offset`: so many bytes of it came before the connection was cut. */
export interface MissingFile extends WantedFile {
  readonly offset: number;
}

/** Goes with the bytes of a piece of a file. */
export interface Piece extends WantedFile {
  readonly offset: number;
  readonly isLast: boolean;
}

/** The agent ends by itself when it hears nothing for this long, so that a lease does not outlive a dead connection. */
export const SILENCE_LIMIT_MS = 20_000;
export const PING_EVERY_MS = 4000;
