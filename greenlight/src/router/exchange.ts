import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import type { Dispatcher } from "undici";

import type { Exchanges } from "./exchanges.ts";
import { requestHeaders, responseHeaders } from "./forward-headers.ts";
import { answerPlainly } from "./plain-answer.ts";
import type { Recording } from "./recording/recording.ts";
import { BODY_TOO_LARGE, type RequestBody } from "./request-body.ts";
import type { RequestTarget } from "./request-fault.ts";
import type { AnswerController, AnswerHandler } from "./service-pool.ts";
import { Tunnel, type LongLived } from "./tunnel.ts";
import { upgradeHead } from "./upgrade-head.ts";
import type { Upstream } from "./upstream.ts";

interface ExchangeParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: RequestTarget;
  readonly body: RequestBody;
  /** The protocol that the client wants to change to; null: none. */
  readonly upgrade: string | null;
}

/** Bodies up to this size are copied into one write with their head. */
const JOINED_BYTES = 2048;
/** What a streamed body keeps in memory while nobody reads it. */
const STREAM_BUFFER_BYTES = 64 * 1024;

/**
 * One request on its way through the router, from the choice of its upstream to the end of its answer. The upstream's
 * in-flight counter goes up once when the request is handed to it and down once when nothing of it is left there.
 *
 * As long as no byte went upstream, a failure sends the request back to the waiting room, and the route is read again.
 * Once bytes went out, only a GET or HEAD without a body is sent again, and only once: a POST might have been obeyed.
 */
export class Exchange implements AnswerHandler, Dispatcher.DispatchHandler, LongLived {
  /** When it stops waiting for somebody to take it. */
  deadline: number;
  readonly heldBytes: number;
  readonly #shared: Exchanges;
  readonly #parts: ExchangeParts;
  readonly #response: ServerResponse;
  /** Null: this exchange is not recorded. */
  readonly #recording: Recording | null;
  #headers: string[] | null = null;
  #upstream: Upstream | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #sentAt = 0;
  #isSent = false;
  #isRepeated = false;
  #isOver = false;
  #isWaitingForDrain = false;

  constructor(shared: Exchanges, parts: ExchangeParts) {
    this.#shared = shared;
    this.#parts = parts;
    this.#response = parts.response;
    this.heldBytes = parts.body === null ? 0 : "isSent" in parts.body ? STREAM_BUFFER_BYTES : parts.body.length;
    this.deadline = performance.now() + shared.holdMs;
    const { request, target, body, upgrade } = parts;
    this.#recording = upgrade === null ? shared.recorder.begin({ request, path: target.path, body }) : null;
    shared.openCount += 1;
    this.#response.on("close", () => this.#onClientClose());
    // A connection that breaks while it is written to says so here as well; `close` follows.
    this.#response.on("error", () => {});
  }

  /** Sends the request to where the route leads now. */
  retry(): void {
    if (this.#isOver) return;
    const upstream = this.#shared.select();
    if (upstream === null) return this.#wait();
    const { request, target, body, upgrade } = this.#parts;
    this.#headers ??= requestHeaders(request, target.host);
    this.#upstream = upstream;
    this.#isSent = false;
    this.#sentAt = performance.now();
    upstream.traffic.inFlightCount += 1;
    const options = { path: target.path, method: request.method ?? "GET", headers: this.#headers, upgrade };
    const pool = this.#mayLast() ? upstream.streams : upstream.pool;
    // undici takes any async iterable; its types name only Node's own streams.
    pool.dispatch({ ...options, body: body as Buffer | null }, this);
  }

  giveUp(): void {
    this.#refuse(503, "nothing is ready to answer this request; try again in a moment");
  }

  /** For a client that sends its body too slowly. */
  cutUpload(): void {
    if (this.#isOver) return;
    this.#shared.room.leave(this);
    const controller = this.#controller;
    if (this.#response.headersSent) {
      this.#isOver = true;
      this.#response.destroy();
    } else this.#refuse(408, "the body of this request comes in too slowly");
    controller?.abort(new Error("the client sends too slowly"));
  }

  /** An event stream has no end of its own: its client connects again, and is served by the next release. */
  endGently(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#response.end();
    this.#controller?.abort(new Error("the deployment was drained"));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) return controller.abort(new Error("the client went away"));
    this.#isSent = true;
    this.#shared.room.wakeAll();
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    service: Duplex,
  ): void {
    const upstream = this.#upstream;
    const client = this.#response.socket;
    if (this.#isOver || client === null || upstream === null) {
      service.on("error", () => {}).destroy();
      this.#leaveUpstream();
      return;
    }
    // From here on the tunnel says when it is over.
    this.#isOver = true;
    this.#controller = null;
    upstream.traffic.answered(status, performance.now() - this.#sentAt);
    this.#response.detachSocket(client);
    client.write(upgradeHead(status, headers));
    const tunnel = new Tunnel({
      client,
      service,
      isWebSocket: this.#parts.upgrade?.toLowerCase() === "websocket",
      onEnd: () => {
        upstream.removeLongLived(tunnel);
        this.#leaveUpstream();
        this.#shared.openCount -= 1;
      },
    });
    upstream.addLongLived(tunnel);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    // Interim answers (103 Early Hints) are for the next hop only.
    if (status < 200 || this.#isOver) return;
    const upstream = this.#upstream;
    upstream?.traffic.answered(status, performance.now() - this.#sentAt);
    if (headers["content-type"]?.startsWith("text/event-stream") === true) upstream?.addLongLived(this);
    this.#recording?.onHead(status, headers);
    // The rest of a body that the service does not want is read by nobody, so its connection can't serve another request.
    if (!this.#parts.request.complete || this.#shared.isClosing) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, message, responseHeaders(headers));
  }

  onResponseData(controller: AnswerController, chunk: Buffer): boolean {
    if (this.#isOver) return false;
    this.#recording?.onData(Buffer.from(chunk));
    const response = this.#response;
    const { socket } = response;
    // Written now and not at the end of this turn, so that nearly always nothing of it has to be kept.
    socket?.cork();
    const isTaken = response.write(chunk);
    socket?.uncork();
    if (!isTaken) this.#awaitDrain(controller);
    return response.writableLength > 0;
  }

  onResponseWhole(_controller: AnswerController, data: Buffer): boolean {
    if (!this.#isOver) this.#recording?.onData(Buffer.from(data));
    this.#end(data);
    return data.length > JOINED_BYTES && this.#response.writableLength > 0;
  }

  onResponseEnd(): void {
    this.#end(null);
  }

  #awaitDrain(controller: AnswerController): void {
    controller.pause();
    if (this.#isWaitingForDrain) return;
    this.#isWaitingForDrain = true;
    this.#shared.pace.watchReading(this.#response, () => !this.#isWaitingForDrain);
    this.#response.once("drain", () => {
      this.#isWaitingForDrain = false;
      controller.resume();
    });
  }

  /** `rest`: what is to be written yet. */
  #end(rest: Buffer | null): void {
    const upstream = this.#leaveUpstream();
    if (this.#isOver) return;
    this.#isOver = true;
    if (upstream !== null) this.#recording?.onEnd(upstream);
    const response = this.#response;
    if (rest === null) response.end();
    // Node puts text into one write with the head, but bytes into a write of their own.
    else if (rest.length <= JOINED_BYTES) response.end(rest.toString("latin1"), "latin1");
    else response.end(rest);
    if (response.writableLength > 0) this.#shared.pace.watchReading(response, () => response.writableFinished);
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
    const { body } = this.#parts;
    const isWhole = body === null || !("isSent" in body) || body.isSent;
    if (upstream !== null && isWhole) upstream.traffic.failureCount += 1;
  }

  /** A client that breaks off while it uploads is noticed here first, as the failure of its body. */
  #isClientGone({ request } = this.#parts): boolean {
    return this.#response.destroyed || (request.destroyed && !request.complete);
  }

  #mayRepeat(): boolean {
    const { request, body, upgrade } = this.#parts;
    return !this.#isRepeated && body === null && upgrade === null && /^(?:GET|HEAD)$/u.test(request.method ?? "");
  }

  /** Whether its client decides how long it takes. */
  #mayLast(): boolean {
    const { request, body, upgrade } = this.#parts;
    if (upgrade !== null || (body !== null && "isSent" in body)) return true;
    return request.headers.accept?.includes("text/event-stream") === true;
  }

  #wait(): void {
    // The end of a hold must not be the end of the wait for it, too.
    const { heldUntil, holdMs } = this.#shared;
    if (heldUntil() > 0) this.deadline = Math.max(this.deadline, heldUntil() + holdMs);
    if (performance.now() >= this.deadline || !this.#shared.room.enter(this)) this.giveUp();
  }

  #refuse(status: number, message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#shared.refused(status);
    const heldMs = this.#shared.heldUntil() - performance.now();
    answerPlainly(this.#response, status, message, status === 503 ? Math.max(Math.ceil(heldMs / 1000), 1) : null);
  }

  #leaveUpstream(): Upstream | null {
    const upstream = this.#upstream;
    this.#upstream = null;
    this.#controller = null;
    if (upstream === null) return null;
    upstream.removeLongLived(this);
    upstream.traffic.inFlightCount -= 1;
    if (this.#isSent) upstream.traffic.requestCount += 1;
    return upstream;
  }

  #onClientClose(): void {
    this.#shared.openCount -= 1;
    if (this.#isOver) return;
    this.#isOver = true;
    this.#shared.room.leave(this);
    this.#controller?.abort(new Error("the client went away"));
  }
}
