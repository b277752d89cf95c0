import type { IncomingMessage, Server, ServerResponse } from "node:http";

import { http } from "../base/light-builtins.ts";
import { answerPlainly, BODY_TOO_LARGE, Exchange, type Exchanges, type StreamedBody } from "./exchange.ts";

/** Bodies up to this size are read whole before they are sent: one write upstream, and they can be sent again. */
const SMALL_BODY_BYTES = 64 * 1024;
const CLIENT_LIMIT = 10_000;
const HEAD_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 300_000;
/** Longer than the idle time of common load balancers and clients, so that they close first. */
const CLIENT_IDLE_MS = 65_000;

/** The public side of the router. It does not listen yet. */
export function createDataPlane(shared: Exchanges): Server {
  const server = http.createServer(
    {
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: CLIENT_IDLE_MS,
    },
    (request, response) => accept(shared, request, response),
  );
  server.maxConnections = CLIENT_LIMIT;
  return server;
}

function accept(shared: Exchanges, request: IncomingMessage, response: ServerResponse): void {
  const path = originForm(request.url ?? "/");
  if (path === null) return answerPlainly(response, 400, "the request target is not a path");
  if (request.headers.upgrade?.toLowerCase() === "websocket") {
    return answerPlainly(response, 501, "this router does not pass WebSocket connections on");
  }
  const size = bodySize(request);
  if (size === 0) return new Exchange(shared, { request, response, path, body: null }).retry();
  if (size !== null && size > shared.bodyLimitBytes) {
    return answerPlainly(response, 413, "the body is larger than this router lets through");
  }
  if (size !== null && size <= SMALL_BODY_BYTES) {
    return collect(request, (body) => new Exchange(shared, { request, response, path, body }).retry());
  }
  const body = boundedBody(request, shared.bodyLimitBytes);
  new Exchange(shared, { request, response, path, body }).retry();
}

/** 0: no body; null: chunked, so unknown. Node's parser has refused a request that claims both. */
function bodySize(request: IncomingMessage): number | null {
  if (request.headers["transfer-encoding"] !== undefined) return null;
  const length = request.headers["content-length"];
  return length === undefined ? 0 : Number(length);
}

/** Calls `onWhole` once the body is there; never, when the client goes away before. */
function collect(request: IncomingMessage, onWhole: (body: Buffer) => void): void {
  let first: Buffer | null = null;
  let more: Buffer[] | null = null;
  request.on("data", (chunk: Buffer) => {
    if (first === null) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  request.on("end", () => onWhole(more === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(more)));
}

/**
 * The body as an iterable that is read only once the upstream is connected, so that a refused connection costs nothing of
 * it, and that leaves the client's connection alone when the upstream breaks off: an answer still goes over it.
 */
function boundedBody(request: IncomingMessage, limitBytes: number): StreamedBody {
  let isSent = false;
  return {
    get isSent() {
      return isSent;
    },
    async *[Symbol.asyncIterator]() {
      let size = 0;
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > limitBytes) throw Object.assign(new Error("body too large"), { code: BODY_TOO_LARGE });
        yield chunk;
      }
      isSent = true;
    },
  };
}

/** `/path?query` out of a request target; null for what only a forward proxy understands (RFC 9112 §3.2). */
function originForm(target: string): string | null {
  if (target.startsWith("/")) return target;
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return null;
  const { pathname, search } = new URL(target);
  return pathname + search;
}
