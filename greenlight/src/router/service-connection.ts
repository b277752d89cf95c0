import { connect, type Socket } from "node:net";

import { parseAnswerHead } from "./answer-head.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { readToTheEnd } from "./patient-socket.ts";
import { requestHead, type PlainRequest } from "./request-head.ts";
import type { AnswerHandler } from "./service-pool.ts";

const READ_BYTES = 64 * 1024;
/** As Node's own limit for heads. */
const HEAD_LIMIT_BYTES = 16 * 1024;
/** A body of so few bytes is copied into one write with its head. */
const JOINED_BYTES = 2048;

/** As undici calls it, so that one handler serves both kinds of pool. */
const HEAD_TIMEOUT = "UND_ERR_HEADERS_TIMEOUT";
const NO_HEAD = Buffer.alloc(0);

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** Longest time that it is kept without a request. */
  readonly idleMs: number;
  /** It can take another request now. */
  onIdle(connection: ServiceConnection): void;
  /** It is gone, and its exchange was told. */
  onGone(connection: ServiceConnection): void;
}

/**
 * One connection to a service, for one request at a time that is sent at once. Reading is what makes a proxy expensive, so bytes go
 * from the socket to the handler with as little between as can be; what the service sends is checked to the letter all the same.
 */
export class ServiceConnection {
  /** When it is given up, in milliseconds of `performance.now()`: while idle, or while nothing comes. */
  deadline = Infinity;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  #state: "connecting" | "idle" | "head" | "body" | "gone" = "connecting";
  #request: PlainRequest | null = null;
  #handler: AnswerHandler | null = null;
  /** What there is of a head that came in pieces. */
  #head: Buffer = NO_HEAD;
  #chunks: ChunkReader | null = null;
  /** Bytes of the body that are to come; infinite when it ends with the connection. */
  #leftBytes = 0;
  #keptMs = 0;
  #isPaused = false;
  /** What is read next goes here; another one once a handler keeps a part of it. */
  #buffer = Buffer.allocUnsafeSlow(READ_BYTES);

  /** Connects, and then sends the request. */
  constructor(options: ConnectionOptions, request: PlainRequest, handler: AnswerHandler) {
    this.#options = options;
    this.#request = request;
    this.#handler = handler;
    this.deadline = performance.now() + options.connectTimeoutMs;
    this.#socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      onread: {
        // Asked for before each read.
        buffer: () => this.#buffer,
        callback: (byteCount) => {
          this.#read(this.#buffer.subarray(0, byteCount));
          return !this.#isPaused;
        },
      },
    });
    readToTheEnd(this.#socket);
    this.#socket.on("connect", () => this.#onConnect());
    this.#socket.on("end", () => this.#onEnd());
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(cut()));
  }

  get isIdle(): boolean {
    return this.#state === "idle";
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  send(request: PlainRequest, handler: AnswerHandler): void {
    this.#request = request;
    this.#handler = handler;
    const { body } = request;
    let head: string;
    try {
      head = requestHead(request);
    } catch (error) {
      return this.#drop(error as Error);
    }
    handler.onRequestStart(this);
    // The handler may have changed its mind.
    if (this.#handler !== handler) return;
    this.#state = "head";
    this.deadline = performance.now() + this.#options.headTimeoutMs;
    const socket = this.#socket;
    if (body === null) socket.write(head, "latin1");
    else if (body.length <= JOINED_BYTES) socket.write(head + body.toString("latin1"), "latin1");
    else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
    }
  }

  /** For the handler: breaks its request off. It is told as of an error. */
  abort(reason: Error): void {
    if (this.#handler === null) return;
    // Nothing of it went out yet, so that the connection is as good as new.
    if (this.#state === "idle" || this.#state === "connecting") return this.#drop(reason);
    this.#fail(reason);
  }

  pause(): void {
    if (this.#isPaused || this.#state === "gone") return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#state === "gone") return;
    this.#isPaused = false;
    this.deadline = performance.now() + this.#options.bodyTimeoutMs;
    this.#socket.resume();
  }

  /** Nothing came in time. */
  expire(): void {
    if (this.#state === "connecting") this.#fail(new Error("the service does not accept connections"));
    else if (this.#state === "head") this.#fail(Object.assign(new Error("no answer in time"), { code: HEAD_TIMEOUT }));
    else this.#fail(new Error("the rest of the answer does not come"));
  }

  destroy(reason: Error): void {
    this.#fail(reason);
  }

  #onConnect(): void {
    this.#state = "idle";
    const [request, handler] = [this.#request, this.#handler];
    if (request !== null && handler !== null) this.send(request, handler);
    else this.#becomeIdle();
  }

  /** The request is over before anything of it was sent. */
  #drop(reason: Error): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#request = null;
    if (this.#state === "idle") this.#becomeIdle();
    handler?.onResponseError(this, reason);
  }

  #becomeIdle(): void {
    this.#state = "idle";
    this.deadline = performance.now() + this.#options.idleMs;
    this.#options.onIdle(this);
  }

  #read(bytes: Buffer): void {
    try {
      if (this.#state === "body") this.#readBody(bytes);
      else if (this.#state === "head") this.#readHead(bytes);
      // Nobody asked for anything.
      else this.#fail(malformed());
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #readHead(bytes: Buffer): void {
    const isWhole = this.#head.length === 0;
    const all = isWhole ? bytes : Buffer.concat([this.#head, bytes]);
    const end = all.indexOf("\r\n\r\n", 0, "latin1");
    if ((end === -1 ? all.length : end) > HEAD_LIMIT_BYTES) return this.#fail(malformed());
    if (end === -1) {
      this.#head = isWhole ? Buffer.from(bytes) : all;
      return;
    }
    this.#head = NO_HEAD;
    const head = parseAnswerHead(all.toString("latin1", 0, end), this.#request?.method ?? "");
    if (head === null) return this.#fail(malformed());
    const rest = all.subarray(end + 4);
    const { status, message, headers, framing, keptMs } = head;
    if (status < 200) {
      // An interim answer; the real one follows.
      if (rest.length > 0) this.#readHead(rest);
      return;
    }
    this.#state = "body";
    this.#keptMs = keptMs;
    this.#chunks = framing === "chunks" ? new ChunkReader() : null;
    this.#leftBytes = typeof framing === "number" ? framing : Infinity;
    this.#handler?.onResponseStart(this, status, headers, message);
    // The handler may have changed its mind.
    if (this.#handler !== null) this.#readBody(rest, true);
  }

  #readBody(bytes: Buffer, isFirst = false): void {
    const handler = this.#handler;
    if (handler === null) return;
    const chunks = this.#chunks;
    if (chunks === null) {
      this.deadline = performance.now() + this.#options.bodyTimeoutMs;
      // More than there may be: what comes behind can't be an answer to anything.
      if (bytes.length > this.#leftBytes) this.#keptMs = 0;
      const data = bytes.length > this.#leftBytes ? bytes.subarray(0, this.#leftBytes) : bytes;
      if (isFirst && data.length === this.#leftBytes) return this.#finish(data);
      this.#leftBytes -= data.length;
      if (data.length > 0) this.#hand(data);
      if (this.#leftBytes === 0) this.#finish();
      return;
    }
    this.deadline = performance.now() + this.#options.bodyTimeoutMs;
    const readBytes = chunks.read(bytes, (data) => this.#hand(data));
    if (readBytes === -1) return this.#fail(malformed());
    if (!chunks.isDone) return;
    if (readBytes < bytes.length) this.#keptMs = 0;
    this.#finish();
  }

  #hand(data: Buffer): void {
    if (this.#handler?.onResponseData(this, data) === true) this.#renewBuffer();
  }

  #renewBuffer(): void {
    this.#buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  }

  /** The whole answer is there; `body`: none of it was handed on yet. */
  #finish(body: Buffer | null = null): void {
    const handler = this.#handler;
    if (handler === null) return;
    this.#handler = null;
    this.#request = null;
    this.#chunks = null;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    // Closed a second before the service would, or a request could be written into a connection that is just going away.
    const idleMs = Math.min(this.#options.idleMs, this.#keptMs - 1000);
    // A request of which something is still on its way out was answered before it was read.
    if (idleMs > 0 && this.#socket.writableLength === 0 && !this.#socket.readableEnded) {
      this.#state = "idle";
      this.deadline = performance.now() + idleMs;
      this.#options.onIdle(this);
    } else this.#leave();
    if (body === null) handler.onResponseEnd(this);
    else if (handler.onResponseWhole(this, body)) this.#renewBuffer();
  }

  #onEnd(): void {
    if (this.#state === "body" && this.#chunks === null && this.#leftBytes === Infinity) {
      this.#keptMs = 0;
      this.#finish();
    } else this.#fail(cut());
  }

  /** Idempotent. */
  #fail(error: Error): void {
    if (this.#state === "gone") return;
    const handler = this.#handler;
    this.#handler = null;
    this.#leave();
    handler?.onResponseError(this, error);
  }

  #leave(): void {
    this.#state = "gone";
    this.deadline = Infinity;
    this.#socket.destroy();
    this.#options.onGone(this);
  }
}

function malformed(): Error {
  return new Error("the service's answer is not HTTP/1.1");
}

function cut(): NodeJS.ErrnoException {
  return Object.assign(new Error("the service closed the connection"), { code: "ECONNRESET" });
}
