import type { Socket } from "node:net";

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { REFUSALS, refusalBody, type Refusal, type RefusalCode } from "./refusal.ts";

/** Sets the status on the reply and gives the body to send. */
export type Refuse = (reply: FastifyReply, refusal: Refusal) => object;

/** Answers for what no route matches: 405 with Allow where the path is known, else 404. */
export function answerUnknownRoutes(
  app: FastifyInstance,
  routes: readonly { readonly method: string; readonly url: string }[],
  refuse: Refuse,
): void {
  const methods = new Map(routes.map(({ method, url }) => [url, method === "GET" ? "GET, HEAD" : method]));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const allowed = methods.get(path);
    if (allowed === undefined) {
      return refuse(reply, { code: "ROUTE_UNKNOWN", message: `there is no ${request.method} ${path.slice(0, 200)}` });
    }
    reply.header("allow", allowed);
    return refuse(reply, { code: "METHOD_NOT_ALLOWED", message: `${path} takes ${allowed}, not ${request.method}` });
  });
}

/** The one place where thrown errors become answers. Callers learn a request id, the log the cause; nobody a stack. */
export function answerErrors(app: FastifyInstance, refuse: Refuse): void {
  app.setErrorHandler((error: FastifyError, request, reply) => reply.send(refuse(reply, refusalOf(error, request))));
}

/** Tells a caller's mistake from a fault of ours, which is logged. */
export function refusalOf(error: FastifyError, request: FastifyRequest): Refusal {
  const known = CALLERS_MISTAKES[error.code];
  if (known !== undefined) return known;
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return { code: "REQUEST_INVALID", message: "the request can't be read" };
  }
  request.log.error({ err: error }, "answered 500");
  return { code: "INTERNAL", message: "something failed inside the service", requestId: request.id };
}

/** For bytes that never became a request: too long headers, broken HTTP, or a sender that takes too long. */
export function answerBrokenConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const refusal = CONNECTION_MISTAKES[error.code ?? ""] ?? BROKEN_HTTP;
  if (socket.writable) {
    const body = JSON.stringify(refusalBody(refusal));
    socket.write(
      `HTTP/1.1 ${REFUSALS[refusal.code].status} ${refusal.code}\r\ncontent-type: application/json; charset=utf-8\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

const BROKEN_HTTP: Refusal = { code: "REQUEST_INVALID", message: "what was sent is not HTTP/1.1" };

const CONNECTION_MISTAKES: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { code: "REQUEST_TIMEOUT", message: "the request did not arrive in time" },
  HPE_HEADER_OVERFLOW: { code: "HEADERS_TOO_LARGE", message: "the headers are longer than 16 KiB" },
};

const CALLERS_MISTAKES: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: "BODY_TOO_LARGE", message: "the body is larger than 1 MiB" },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: "MEDIA_TYPE_UNSUPPORTED", message: "the body is not declared as JSON" },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: "REQUEST_INVALID", message: "the body's length is not content-length" },
  FST_ERR_BAD_URL: { code: "REQUEST_INVALID", message: "the path is not a well-formed URL path" },
} satisfies Readonly<Record<string, { readonly code: RefusalCode; readonly message: string }>>;
