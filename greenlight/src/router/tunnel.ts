import type { Duplex } from "node:stream";

import { CLOSE_TO_CLIENT, CLOSE_TO_SERVICE, FrameFollower } from "./websocket-frames.ts";

/** An exchange that may last for ever, and that can be asked to end before it is cut. */
export interface LongLived {
  endGently(): void;
}

export interface TunnelEnds {
  readonly client: Duplex;
  readonly service: Duplex;
  readonly isWebSocket: boolean;
  /** Called once, when both connections are closed. */
  onEnd(): void;
}

/** After one side has closed, or was told to, the other gets this long. */
const CLOSE_GRACE_MS = 800;

/** Bytes both ways between a client and a service that agreed to speak something else than HTTP. */
export class Tunnel implements LongLived {
  readonly #ends: TunnelEnds;
  readonly #lanes: readonly Lane[];
  #openCount = 2;
  #timer: NodeJS.Timeout | null = null;

  constructor(ends: TunnelEnds) {
    this.#ends = ends;
    const { client, service, isWebSocket } = ends;
    this.#lanes = [
      new Lane(service, client, isWebSocket ? CLOSE_TO_CLIENT : null),
      new Lane(client, service, isWebSocket ? CLOSE_TO_SERVICE : null),
    ];
    for (const [side, other] of [
      [client, service],
      [service, client],
    ] as const) {
      // A connection that breaks says so here; `close` follows.
      side.on("error", () => {});
      side.on("close", () => this.#onClose(other));
      if (side.closed) this.#onClose(other);
    }
  }

  endGently(): void {
    for (const lane of this.#lanes) lane.close();
    this.#cutSoon();
  }

  #onClose(other: Duplex): void {
    this.#openCount -= 1;
    if (this.#openCount === 0) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      return this.#ends.onEnd();
    }
    other.end();
    this.#cutSoon();
  }

  #cutSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#ends.client.destroy();
      this.#ends.service.destroy();
    }, CLOSE_GRACE_MS);
  }
}

/** One direction of a tunnel. */
class Lane {
  readonly #to: Duplex;
  readonly #farewell: Buffer | null;
  readonly #frames: FrameFollower | null;
  #state: "open" | "closing" | "closed" = "open";

  constructor(from: Duplex, to: Duplex, farewell: Buffer | null) {
    this.#to = to;
    this.#farewell = farewell;
    this.#frames = farewell === null ? null : new FrameFollower();
    from.on("data", (chunk: Buffer) => {
      if (this.#state === "closed") return;
      const end = this.#frames?.pass(chunk) ?? -1;
      const isLast = this.#state === "closing" && end !== -1;
      const isTaken = to.write(isLast ? chunk.subarray(0, end) : chunk);
      if (isLast) return this.#finish();
      if (isTaken) return;
      from.pause();
      to.once("drain", () => from.resume());
    });
    from.on("end", () => to.end());
  }

  /** Ends it behind the frame that is under way; what comes in after that is read and dropped. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    if (this.#frames?.isBetweenFrames ?? true) this.#finish();
  }

  #finish(): void {
    this.#state = "closed";
    if (this.#to.writableEnded) return;
    if (this.#farewell === null || this.#frames?.isClosed === true) this.#to.end();
    else this.#to.end(this.#farewell);
  }
}
