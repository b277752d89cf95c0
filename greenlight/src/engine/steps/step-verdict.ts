import type { StepEnded } from "../event.ts";
import type { OutputFiles } from "../files/outputs.ts";

/** How a step came out, before the scheduler adds names and times. */
export type StepVerdict = Pick<
  StepEnded,
  | "outcome"
  | "why"
  | "isFromCache"
  | "isAlready"
  | "savedMs"
  | "problems"
  | "evidence"
  | "facts"
  | "subject"
  | "logDigest"
> & {
  /** Output name → digest of what it holds. */
  readonly outputDigests: StepEnded["outputs"];
  /** The tree's generation before the outputs were looked at; null when steps wrote meanwhile or there are none. */
  readonly seenAt: number | null;
  /** The files that its outputs hold, of a result that the cache has; null when it has none, or they were not looked at. */
  readonly files: OutputFiles | null;
};
