import type { IncomingHttpHeaders } from "node:http";

import type { PlainRequest } from "./request-head.ts";
import { ServiceConnection, type ConnectionOptions } from "./service-connection.ts";

/** What a handler may do with its request. */
export interface AnswerController {
  /** Stops reading; what was read already is still handed on. */
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/**
 * Hears of one request, in this order: `onRequestStart` just before its first byte is written; head, data and end of the answer; or,
 * at any moment and as the last thing, an error. A part of undici's handlers, so that one handler serves both kinds of pool.
 */
export interface AnswerHandler {
  onRequestStart(controller: AnswerController): void;
  /** `headers` is the handler's to change. */
  onResponseStart(controller: AnswerController, status: number, headers: IncomingHttpHeaders, message: string): void;
  /** True: the handler keeps `data`. Otherwise it is read over as soon as the call returns. */
  onResponseData(controller: AnswerController, data: Buffer): boolean;
  /** In place of data and end, when all of the body is there with the head. */
  onResponseWhole(controller: AnswerController, data: Buffer): boolean;
  onResponseEnd(controller: AnswerController): void;
  onResponseError(controller: AnswerController, error: Error): void;
}

export interface ServicePoolOptions extends Omit<ConnectionOptions, "onIdle" | "onGone"> {
  readonly connectionLimit: number;
}

/** Deadlines are looked at this often, for all connections at once: timers of their own would cost each request more than that. */
const LOOK_EVERY_MS = 200;

/** For requests that never got a connection. */
const NOTHING: AnswerController = { pause: () => {}, resume: () => {}, abort: () => {} };

interface Waiting {
  readonly request: PlainRequest;
  readonly handler: AnswerHandler;
}

/**
 * The connections to one service for requests whose bodies are all there. Never sends anything twice, and never two requests at once
 * over one connection.
 */
export class ServicePool {
  readonly #options: ServicePoolOptions;
  readonly #connectionOptions: ConnectionOptions;
  readonly #connections = new Set<ServiceConnection>();
  /** The one that was used last is used next: few stay warm, and the others may go. */
  readonly #idle: ServiceConnection[] = [];
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: ServicePoolOptions) {
    this.#options = options;
    this.#connectionOptions = {
      ...options,
      onIdle: (connection) => this.#onIdle(connection),
      onGone: (connection) => this.#onGone(connection),
    };
  }

  dispatch(request: PlainRequest, handler: AnswerHandler): void {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      // The service may have closed it while this process did something else.
      if (idle.isIdle && performance.now() < idle.deadline) return idle.send(request, handler);
      idle.destroy(new Error("idle for too long"));
    }
    if (this.#connections.size >= this.#options.connectionLimit) this.#waiting.push({ request, handler });
    else this.#connect(request, handler);
  }

  /** Lets every connection go as soon as it is idle. */
  close(): void {
    this.#isClosed = true;
    for (const idle of this.#idle.splice(0)) idle.destroy(new Error("the pool was closed"));
  }

  /** Breaks what is under way. */
  destroy(reason: Error): void {
    this.close();
    for (const { handler } of this.#waiting.splice(0)) handler.onResponseError(NOTHING, reason);
    for (const connection of this.#connections) connection.destroy(reason);
  }

  #connect(request: PlainRequest, handler: AnswerHandler): void {
    this.#connections.add(new ServiceConnection(this.#connectionOptions, request, handler));
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  #onIdle(connection: ServiceConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) connection.send(next.request, next.handler);
    else if (this.#isClosed) connection.destroy(new Error("the pool was closed"));
    else this.#idle.push(connection);
  }

  #onGone(connection: ServiceConnection): void {
    this.#connections.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
    const next = this.#waiting.shift();
    if (next !== undefined) this.#connect(next.request, next.handler);
    if (this.#connections.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const now = performance.now();
    for (const connection of this.#connections) {
      if (connection.deadline > now) continue;
      if (connection.isIdle) connection.destroy(new Error("idle for too long"));
      // A client that reads slowly is not the service's fault.
      else if (!connection.isPaused) connection.expire();
    }
  }
}
