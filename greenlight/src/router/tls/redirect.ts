import type { IncomingMessage, Server, ServerResponse } from "node:http";

import { http } from "../../base/light-builtins.ts";
import { answerLast } from "../plain-answer.ts";
import { faultOf, parseTarget } from "../request-fault.ts";
import { readChallenge } from "./acme-challenge.ts";

const HTTPS_PORT = 443;
const CLIENT_LIMIT = 1000;
const TIMEOUT_MS = 10_000;

export interface RedirectOptions {
  readonly httpsPort: number;
  /** The folder of what a certificate authority may ask for; null: it asks nothing. */
  readonly challenges: string | null;
  refused(status: number): void;
}

/**
 * Sends whoever comes with plain HTTP to the same address over TLS, but for a certificate authority, which gets its answer. It does
 * not listen yet.
 */
export function createRedirect({ httpsPort, challenges, refused }: RedirectOptions): Server {
  const server = http.createServer({
    headersTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
    keepAliveTimeout: TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
    requireHostHeader: false,
  });
  server.maxConnections = CLIENT_LIMIT;
  server.on("request", (request, response) => {
    const target = parseTarget(request.url ?? "");
    const name = nameIn(target?.host ?? request.headers.host ?? "");
    const fault = faultOf(request);
    if (fault !== null || target === null || name === null) {
      refused(fault?.status ?? 400);
      return answerLast(response, fault?.status ?? 400, fault?.message ?? "this request names no host and path");
    }
    if (challenges !== null && isAnswered(challenges, request, response, target.path)) return;
    const port = httpsPort === HTTPS_PORT ? "" : `:${httpsPort}`;
    // 308 keeps method and body; nothing of the body is read here.
    response.writeHead(308, { location: `https://${name}${port}${target.path}`, connection: "close" }).end();
  });
  return server;
}

/** The authority looks for its token at this path, over plain HTTP (RFC 8555 §8.3). */
function isAnswered(folder: string, request: IncomingMessage, response: ServerResponse, path: string): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const text = readChallenge(folder, path);
  if (text === null) return false;
  response.writeHead(200, { "content-type": "application/octet-stream", connection: "close" }).end(text);
  return true;
}

/** A host without its port; null when there is none. */
function nameIn(host: string): string | null {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host) ?? [];
  return name ?? null;
}
