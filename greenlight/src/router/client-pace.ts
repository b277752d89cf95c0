import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface PaceLimits {
  /** Within each such window of waiting for its bytes an upload has to bring `uploadBytesPerSecond` on average. */
  readonly uploadWindowMs: number;
  readonly uploadBytesPerSecond: number;
  /** Longest time that a client may leave what was written to it unread. */
  readonly readStallMs: number;
}

/** A body on its way in. */
export interface PacedUpload {
  /** Whether the client is what is waited for: not the service, and not a route. */
  isAwaited: boolean;
  end(): void;
}

interface Upload extends PacedUpload {
  readonly socket: Socket;
  readonly cut: () => void;
  awaitedMs: number;
  bytesBefore: number;
}

interface Stall {
  readonly since: number;
  readonly isOver: () => boolean;
}

const LONGEST_TICK_MS = 1000;

/**
 * Cuts off clients that are too slow to be worth a connection: those that send a body, or read an answer, a few bytes a
 * minute, be it on purpose. One timer looks at all of them; the time a request takes at the service does not count.
 */
export class ClientPace {
  readonly #limits: PaceLimits;
  readonly #tickMs: number;
  readonly #uploads = new Set<Upload>();
  readonly #stalls = new Map<ServerResponse, Stall>();
  readonly #timer: NodeJS.Timeout;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
    this.#tickMs = Math.min(LONGEST_TICK_MS, limits.uploadWindowMs / 4, limits.readStallMs / 4);
    this.#timer = setInterval(() => this.#look(), this.#tickMs).unref();
  }

  watchUpload(request: IncomingMessage, cut: () => void): PacedUpload {
    const { socket } = request;
    const upload: Upload = {
      socket,
      cut,
      isAwaited: true,
      awaitedMs: 0,
      bytesBefore: socket.bytesRead,
      end: () => this.#uploads.delete(upload),
    };
    this.#uploads.add(upload);
    return upload;
  }

  /** The client has not taken all that was written to it; it is cut off unless `isOver` becomes true in time. */
  watchReading(response: ServerResponse, isOver: () => boolean): void {
    this.#stalls.set(response, { since: performance.now(), isOver });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { uploadWindowMs, uploadBytesPerSecond, readStallMs } = this.#limits;
    for (const upload of this.#uploads) {
      if (!upload.isAwaited) continue;
      upload.awaitedMs += this.#tickMs;
      if (upload.awaitedMs < uploadWindowMs) continue;
      const { bytesRead } = upload.socket;
      if (bytesRead - upload.bytesBefore < (uploadWindowMs / 1000) * uploadBytesPerSecond) {
        this.#uploads.delete(upload);
        upload.cut();
      }
      upload.awaitedMs = 0;
      upload.bytesBefore = bytesRead;
    }
    const now = performance.now();
    for (const [response, stall] of this.#stalls) {
      if (response.destroyed || stall.isOver()) this.#stalls.delete(response);
      else if (now - stall.since > readStallMs) {
        this.#stalls.delete(response);
        response.destroy();
      }
    }
  }
}
