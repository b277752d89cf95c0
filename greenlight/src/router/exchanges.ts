import type { ClientPace } from "./client-pace.ts";
import type { Recorder } from "./recording/recording.ts";
import type { Upstream } from "./upstream.ts";
import type { WaitingRoom } from "./waiting-room.ts";

/** What the exchanges of one router share. */
export interface Exchanges {
  readonly room: WaitingRoom;
  readonly pace: ClientPace;
  readonly recorder: Recorder;
  /** Longest time that a request waits for somebody to take it while nobody asked for a hold. */
  readonly holdMs: number;
  readonly bodyLimitBytes: number;
  /** Exchanges whose client has not got all of its answer yet. */
  openCount: number;
  /** The router is about to end: no connection is kept for a further request. */
  isClosing: boolean;
  /** Where a request goes that is sent now; null: nowhere. */
  select(): Upstream | null;
  /** Until when requests are held on purpose, in milliseconds of `performance.now()`; in the past: they are not. */
  heldUntil(): number;
  refused(status: number): void;
}
