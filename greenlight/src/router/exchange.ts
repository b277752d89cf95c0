import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

import type { Dispatcher } from "undici";

import { requestHeaders, responseHeaders } from "./forward-headers.ts";
import type { Upstream } from "./upstream.ts";
import type { WaitingRoom } from "./waiting-room.ts";

/** What the exchanges of one router share. */
export interface Exchanges {
  readonly room: WaitingRoom;
  /** Longest time that a request waits for somebody to take it. */
  readonly holdMs: number;
  readonly bodyLimitBytes: number;
  /** Where a request goes that is sent now; null: nowhere. */
  select(): Upstream | null;
}

/** A body that is passed on while it comes in. */
export interface StreamedBody extends AsyncIterable<Buffer> {
  /** Whether all of it was handed on. */
  readonly isSent: boolean;
}

type Body = Buffer | StreamedBody | null;

/**
 * One request on its way through the router, from the choice of its upstream to the end of its answer. The upstream's
 * in-flight counter goes up once when the request is handed to it and down once when nothing of it is left there.
 *
 * As long as no byte went upstream, a failure sends the request back to the waiting room, and the route is read again.
 * Once bytes went out, only a GET or HEAD without a body is sent again, and only once: a POST might have been obeyed.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** When it stops waiting for somebody to take it. */
  deadline: number;
  readonly #shared: Exchanges;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #path: string;
  readonly #body: Body;
  #headers: string[] | null = null;
  #upstream: Upstream | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #isSent = false;
  #isRepeated = false;
  #isOver = false;
  #isWaitingForDrain = false;

  constructor(
    shared: Exchanges,
    parts: { request: IncomingMessage; response: ServerResponse; path: string; body: Body },
  ) {
    this.#shared = shared;
    this.#request = parts.request;
    this.#response = parts.response;
    this.#path = parts.path;
    this.#body = parts.body;
    this.deadline = performance.now() + shared.holdMs;
    this.#response.on("close", () => this.#onClientClose());
    // A connection that breaks while it is written to says so here as well; `close` follows.
    this.#response.on("error", () => {});
  }

  /** Sends the request to where the route leads now. */
  retry(): void {
    if (this.#isOver) return;
    const upstream = this.#shared.select();
    if (upstream === null) return this.#wait();
    this.#headers ??= requestHeaders(this.#request);
    this.#upstream = upstream;
    this.#isSent = false;
    upstream.inFlightCount += 1;
    const options = { path: this.#path, method: this.#request.method ?? "GET", headers: this.#headers };
    // undici takes any async iterable; its types name only Node's own streams.
    upstream.pool.dispatch({ ...options, body: this.#body as Buffer | null }, this);
  }

  giveUp(): void {
    this.#refuse(503, "nothing is ready to answer this request; try again in a moment");
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) return controller.abort(new Error("the client went away"));
    this.#isSent = true;
    this.#shared.room.wakeAll();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    // Interim answers (103 Early Hints) are for the next hop only.
    if (status < 200 || this.#isOver) return;
    if (status >= 500 && this.#upstream !== null) this.#upstream.serverErrorCount += 1;
    // The rest of a body that the service does not want is read by nobody, so its connection can't serve another request.
    if (!this.#request.complete) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, message, responseHeaders(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver || this.#response.write(chunk)) return;
    controller.pause();
    if (this.#isWaitingForDrain) return;
    this.#isWaitingForDrain = true;
    this.#response.once("drain", () => {
      this.#isWaitingForDrain = false;
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.#leaveUpstream();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#response.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const upstream = this.#leaveUpstream();
    if (this.#isOver || this.#isClientGone()) return;
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (this.#response.headersSent) {
      // Nothing but a cut tells the client that the body is not whole.
      this.#isOver = true;
      this.#countFailure(upstream);
      this.#response.destroy();
      return;
    }
    if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") return this.#refuse(400, error.message);
    if (code === BODY_TOO_LARGE) return this.#refuse(413, "the body is larger than this router lets through");
    if (!this.#isSent) return this.#wait();
    if (this.#mayRepeat()) {
      this.#isRepeated = true;
      this.deadline = performance.now() + this.#shared.holdMs;
      return this.#wait();
    }
    this.#countFailure(upstream);
    if (code === "UND_ERR_HEADERS_TIMEOUT") return this.#refuse(504, "the service did not answer in time");
    this.#refuse(502, "the service broke off while it worked on this request");
  }

  /**
   * A service may refuse a body before it was wholly sent, and close. Whoever posts large bodies must not be able to make
   * a good deployment look bad.
   */
  #countFailure(upstream: Upstream | null): void {
    const isWhole = this.#body === null || !("isSent" in this.#body) || this.#body.isSent;
    if (upstream !== null && isWhole) upstream.failureCount += 1;
  }

  /** A client that breaks off while it uploads is noticed here first, as the failure of its body. */
  #isClientGone(): boolean {
    return this.#response.destroyed || (this.#request.destroyed && !this.#request.complete);
  }

  #mayRepeat(): boolean {
    const { method } = this.#request;
    return !this.#isRepeated && this.#body === null && (method === "GET" || method === "HEAD");
  }

  #wait(): void {
    if (performance.now() >= this.deadline || !this.#shared.room.enter(this)) this.giveUp();
  }

  #refuse(status: number, message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    answerPlainly(this.#response, status, message);
  }

  #leaveUpstream(): Upstream | null {
    const upstream = this.#upstream;
    this.#upstream = null;
    this.#controller = null;
    if (upstream === null) return null;
    upstream.inFlightCount -= 1;
    if (this.#isSent) upstream.requestCount += 1;
    return upstream;
  }

  #onClientClose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#shared.room.leave(this);
    this.#controller?.abort(new Error("the client went away"));
  }
}

export const BODY_TOO_LARGE = "GREENLIGHT_BODY_TOO_LARGE";

/** An answer of the router's own. The connection is closed when there may be a rest of the request on it. */
export function answerPlainly(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  const text = `${JSON.stringify({ error: { status, message } })}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...(response.req.complete ? {} : { connection: "close" }),
    ...(status === 503 ? { "retry-after": "1" } : {}),
  });
  response.end(text);
}
