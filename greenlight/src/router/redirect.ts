import type { Server } from "node:http";

import { http } from "../base/light-builtins.ts";
import { answerLast } from "./plain-answer.ts";
import { faultOf, parseTarget } from "./request-fault.ts";

const HTTPS_PORT = 443;
const CLIENT_LIMIT = 1000;
const TIMEOUT_MS = 10_000;

/** Sends whoever comes with plain HTTP to the same address over TLS. It does not listen yet. */
export function createRedirect(httpsPort: number, refused: (status: number) => void): Server {
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
    const port = httpsPort === HTTPS_PORT ? "" : `:${httpsPort}`;
    // 308 keeps method and body; nothing of the body is read here.
    response.writeHead(308, { location: `https://${name}${port}${target.path}`, connection: "close" }).end();
  });
  return server;
}

/** A host without its port; null when there is none. */
function nameIn(host: string): string | null {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host) ?? [];
  return name ?? null;
}
