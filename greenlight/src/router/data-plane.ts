import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContextOptions } from "node:tls";

import { http } from "../base/light-builtins.ts";
import { Exchange } from "./exchange.ts";
import type { Exchanges } from "./exchanges.ts";
import { answerLast, answerPlainly, rawAnswer } from "./plain-answer.ts";
import { bodySize, ByteBudget, collectBody, streamBody } from "./request-body.ts";
import { faultOf, parseTarget, type RequestFault, type RequestTarget } from "./request-fault.ts";

/** Bodies up to this size are read whole before they are sent: one write upstream, and half of the work of a streamed one. */
const SMALL_BODY_BYTES = 128 * 1024;
/** All of them together; beyond that they are streamed like large ones, so that many clients at once can't fill the memory. */
const COLLECTED_LIMIT_BYTES = 256 * 1024 * 1024;
const CLIENT_LIMIT = 10_000;
const REQUEST_TIMEOUT_MS = 300_000;
/** How often the two are looked at. */
const TIMEOUT_CHECK_MS = 1000;
/** Longer than the idle time of common load balancers and clients, so that they close first. */
const CLIENT_IDLE_MS = 65_000;
/** Requests on one connection that may wait for the answers to those before them. */
const PIPELINE_LIMIT = 100;
/** How long a refused client may go on sending, so that it gets to read why. */
const LINGER_MS = 500;
const UNKNOWN_EXPECTATION: RequestFault = { status: 417, message: "this router knows no such expectation" };
const LARGE_BODY = "the body is larger than this router lets through";

export interface DataPlaneOptions {
  /** Longest time that a client may take for the head of a request. */
  readonly clientHeadTimeoutMs: number;
  /** Null: plain HTTP. */
  readonly tls: SecureContextOptions | null;
}

/** Connections on which nothing is understood as a request any more: one was refused that may not be what it seems. */
type Condemned = WeakSet<Duplex>;

interface Plane {
  readonly shared: Exchanges;
  readonly condemned: Condemned;
  readonly pipelines: WeakMap<Duplex, Pipeline>;
  readonly collected: ByteBudget;
}

/** The requests of one connection that came before those ahead of them were answered. */
interface Pipeline {
  last: ServerResponse;
  waitingCount: number;
}

/** The public side of the router. It does not listen yet. */
export function createDataPlane(shared: Exchanges, { clientHeadTimeoutMs, tls }: DataPlaneOptions): Server {
  const plane: Plane = {
    shared,
    condemned: new WeakSet(),
    pipelines: new WeakMap(),
    collected: new ByteBudget(COLLECTED_LIMIT_BYTES),
  };
  const settings: ServerOptions = {
    headersTimeout: clientHeadTimeoutMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, clientHeadTimeoutMs),
    keepAliveTimeout: CLIENT_IDLE_MS,
    // Refused in `faultOf`, together with the rest of the connection.
    requireHostHeader: false,
    shouldUpgradeCallback: (request) => wantedProtocol(request) !== null,
  };
  // A TLS server has all that a plain one has, and is not one by its type.
  const server =
    tls === null
      ? http.createServer(settings)
      : (process
          .getBuiltinModule("node:https")
          .createServer({ ...settings, ...tls, handshakeTimeout: clientHeadTimeoutMs }) as unknown as Server);
  // Otherwise headers beyond a limit would be dropped without a word; `faultOf` refuses them.
  server.maxHeadersCount = 0;
  server.maxConnections = CLIENT_LIMIT;
  server.on("request", (request, response) => inTurn(plane, request, response, false));
  server.on("checkContinue", (request, response) => inTurn(plane, request, response, true));
  server.on("upgrade", (request, socket, head) => acceptUpgrade(plane, request, socket as Socket, head));
  server.on("connect", (_request, socket) => {
    shared.refused(501);
    socket.on("error", () => {});
    socket.end(rawAnswer(501, "Not Implemented", "this is no forward proxy"));
  });
  server.on("checkExpectation", (request, response) => refuse(plane, request, response, UNKNOWN_EXPECTATION));
  server.on("clientError", (error, socket) => refuseConnection(plane, error, socket));
  return server;
}

/** A pipelined request waits until those before it have been answered. */
function inTurn(plane: Plane, request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
  const { socket } = request;
  const { condemned, pipelines } = plane;
  if (condemned.has(socket)) return;
  // Node gives the connection to one response at a time.
  if (response.socket !== null) return accept(plane, request, response, expectsContinue);
  const pipeline = pipelines.get(socket) ?? { last: currentResponse(socket) ?? response, waitingCount: 0 };
  pipelines.set(socket, pipeline);
  if (pipeline.waitingCount >= PIPELINE_LIMIT) {
    condemned.add(socket);
    plane.shared.refused(429);
    socket.destroy();
    return;
  }
  pipeline.waitingCount += 1;
  pipeline.last.once("close", () => {
    pipeline.waitingCount -= 1;
    if (pipeline.waitingCount === 0) pipelines.delete(socket);
    if (!condemned.has(socket) && response.socket !== null) accept(plane, request, response, expectsContinue);
  });
  pipeline.last = response;
}

function accept(plane: Plane, request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
  const { shared } = plane;
  const target = admit(plane, request, response);
  if (target === null) return;
  const size = bodySize(request);
  if (size === 0) return new Exchange(shared, { request, response, target, body: null, upgrade: null }).retry();
  if (size !== null && size > shared.bodyLimitBytes) {
    shared.refused(413);
    return answerPlainly(response, 413, LARGE_BODY);
  }
  const { pace } = shared;
  if (size !== null && size <= SMALL_BODY_BYTES && plane.collected.take(size)) {
    response.once("close", () => plane.collected.giveBack(size));
    const onTooSlow = (): void => {
      shared.refused(408);
      answerPlainly(response, 408, "the body of this request comes in too slowly");
    };
    return collectBody({ request, response, pace, expectsContinue, onTooSlow }, (body) =>
      new Exchange(shared, { request, response, target, body, upgrade: null }).retry(),
    );
  }
  const incoming = { request, response, pace, expectsContinue, onTooSlow: () => exchange.cutUpload() };
  const body = streamBody(incoming, shared.bodyLimitBytes);
  const exchange = new Exchange(shared, { request, response, target, body, upgrade: null });
  exchange.retry();
}

function acceptUpgrade(plane: Plane, request: IncomingMessage, socket: Socket, head: Buffer): void {
  // Node takes its own listeners off a connection that it hands over.
  socket.on("error", () => {});
  if (plane.condemned.has(socket)) return;
  const upgrade = wantedProtocol(request);
  const response = new http.ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on("finish", () => socket.destroySoon());
  if (upgrade === null) return answerPlainly(response, 501, "this router does not change to that protocol");
  const target = admit(plane, request, response);
  if (target === null) return;
  if (head.length > 0) socket.unshift(head);
  socket.setKeepAlive(true, CLIENT_IDLE_MS);
  new Exchange(plane.shared, { request, response, target, body: null, upgrade }).retry();
}

/** The request's target, when it may be passed on; otherwise it was answered. */
function admit(plane: Plane, request: IncomingMessage, response: ServerResponse): RequestTarget | null {
  const url = request.url ?? "";
  const target = parseTarget(url);
  const fault =
    faultOf(request) ?? (target === null ? { status: 400, message: "the request target is not a path" } : null);
  if (fault === null) return target;
  if (url === "*" && request.method === "OPTIONS" && fault.status === 400 && request.headers.host !== undefined) {
    answerPlainly(response, 204, "");
    return null;
  }
  refuse(plane, request, response, fault);
  return null;
}

/** Answers, and takes nothing that comes behind it on the connection for a request. */
function refuse(plane: Plane, request: IncomingMessage, response: ServerResponse, fault: RequestFault): void {
  if (plane.condemned.has(request.socket)) return;
  plane.condemned.add(request.socket);
  plane.shared.refused(fault.status);
  answerLast(response, fault.status, fault.message);
}

/**
 * The protocol that a client wants to change to; null: a plain request, whose wish may be ignored (RFC 9110 §7.8). HTTP/2 is never
 * changed to: behind such a tunnel requests would pass the router unseen.
 */
function wantedProtocol(request: IncomingMessage): string | null {
  const { upgrade, connection } = request.headers;
  if (upgrade === undefined || request.method !== "GET" || request.httpVersionMinor === 0) return null;
  if (!/(?:^|[\s,])upgrade(?:$|[\s,])/i.test(connection ?? "") || bodySize(request) !== 0) return null;
  return /^[\w!#$%&'*+.^`|~-]+(?:\/[\w.-]+)?$/.test(upgrade) && !/^(?:h2|h2c|http|tls)(?:$|\/)/i.test(upgrade)
    ? upgrade
    : null;
}

const PARSER_FAULTS: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large", "the head of this request is too large"],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "Content Too Large", "the extensions of a chunk are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout", "this request comes in too slowly"],
};

/** For what Node's parser refuses, and for clients that are too slow for its timeouts. */
function refuseConnection(plane: Plane, error: NodeJS.ErrnoException, socket: Duplex): void {
  // What a refused client goes on sending is refused again and again.
  if (plane.condemned.has(socket)) return;
  plane.condemned.add(socket);
  const current = currentResponse(socket);
  // A handshake that failed leaves nothing to write an answer into.
  if (/^ERR_(?:SSL|TLS)_/.test(error.code ?? "")) {
    plane.shared.refused(0);
    return void socket.destroy();
  }
  // Nothing can be put into the middle of an answer that is under way.
  if (!socket.writable || error.code === "ECONNRESET" || current?.headersSent === true) return void socket.destroy();
  const [status, reason, message] = PARSER_FAULTS[error.code ?? ""] ?? [400, "Bad Request", "this is not HTTP/1.1"];
  plane.shared.refused(status);
  socket.end(rawAnswer(status, reason, message));
  // Closed at once, with bytes that nobody read, the connection would be reset and the answer lost.
  setTimeout(() => socket.destroy(), LINGER_MS);
}

/** Whose turn it is on a connection; Node keeps it under this name for its own default answer to bad requests. */
function currentResponse(socket: Duplex): ServerResponse | null {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? null;
}
