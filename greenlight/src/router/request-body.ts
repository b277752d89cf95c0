import type { IncomingMessage, ServerResponse } from "node:http";

import type { ClientPace } from "./client-pace.ts";

/** A body that is passed on while it comes in. */
export interface StreamedBody extends AsyncIterable<Buffer> {
  /** Whether all of it was handed on. */
  readonly isSent: boolean;
}

/** Whole, streamed, or none. */
export type RequestBody = Buffer | StreamedBody | null;

export const BODY_TOO_LARGE = "GREENLIGHT_BODY_TOO_LARGE";

interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly pace: ClientPace;
  /** Whether the client waits for the word that it may send the body. */
  readonly expectsContinue: boolean;
  /** Called when the client sends too slowly. */
  onTooSlow(): void;
}

/** 0: no body; null: chunked, so unknown. Node's parser has refused a request that claims both. */
export function bodySize(request: IncomingMessage): number | null {
  if (request.headers["transfer-encoding"] !== undefined) return null;
  const length = request.headers["content-length"];
  return length === undefined ? 0 : Number(length);
}

/** How many bytes may be held at once. */
export class ByteBudget {
  #left: number;

  constructor(limitBytes: number) {
    this.#left = limitBytes;
  }

  /** False: there are not so many left, and none is taken. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

/** Calls `onWhole` once the body is there; never, when the client goes away before. */
export function collectBody(incoming: Incoming, onWhole: (body: Buffer) => void): void {
  const { request, response, pace, expectsContinue, onTooSlow } = incoming;
  if (expectsContinue) response.writeContinue();
  const upload = pace.watchUpload(request, onTooSlow);
  let first: Buffer | null = null;
  let more: Buffer[] | null = null;
  request.on("data", (chunk: Buffer) => {
    if (first === null) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  request.on("close", () => upload.end());
  request.on("end", () => {
    upload.end();
    onWhole(more === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(more));
  });
}

/**
 * The body as an iterable that is read only once the upstream is connected, so that a refused connection costs nothing of
 * it, and that leaves the client's connection alone when the upstream breaks off: an answer still goes over it.
 */
export function streamBody(incoming: Incoming, limitBytes: number): StreamedBody {
  const { request, response, pace, expectsContinue, onTooSlow } = incoming;
  let isSent = false;
  return {
    get isSent() {
      return isSent;
    },
    async *[Symbol.asyncIterator]() {
      if (expectsContinue) response.writeContinue();
      const upload = pace.watchUpload(request, onTooSlow);
      let size = 0;
      try {
        for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
          upload.isAwaited = false;
          size += chunk.length;
          if (size > limitBytes) throw Object.assign(new Error("body too large"), { code: BODY_TOO_LARGE });
          yield chunk;
          upload.isAwaited = true;
        }
        isSent = true;
      } finally {
        upload.end();
      }
    },
  };
}
