import type { Task } from "./workload.ts";

/** A tool that runs the workload. */
export interface Contender {
  readonly name: string;
  /** The version that is here; null when it could not be installed. */
  readonly version: string | null;
  /** What it keeps between runs, relative to the workspace; taken away for a cold round. Empty: it keeps nothing. */
  readonly state: readonly string[];
  /** Where the tasks lie in its workspace, when it wants them elsewhere than in the root. */
  place?(tasks: readonly Task[]): Task[];
  /** Writes its definition of the tasks into a workspace that already holds their inputs. */
  prepare(folder: string, tasks: readonly Task[]): void;
  /** How a user runs all tasks, two at once. */
  call(folder: string, tasks: readonly Task[]): Call;
}

export interface Call {
  readonly file: string;
  readonly args: readonly string[];
  /** On top of the bench's own environment; undefined removes a variable. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const CONCURRENCY = 2;
