import { http } from "../base/light-builtins.ts";
import type { MetricsAddress } from "./wire.ts";

const RETRY_MS = 1000;
const CLIENT_LIMIT = 50;
const TIMEOUT_MS = 10_000;

/**
 * Tells the metrics at an address of their own, without a token: `GET /metrics` and nothing else. A port that is taken is told once
 * and tried again, since users are served without it.
 */
export function openMetricsPort(
  address: MetricsAddress,
  text: () => string,
  log: (line: string) => void,
): { close(): void } {
  const server = http.createServer({
    headersTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
    keepAliveTimeout: TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
  });
  server.maxConnections = CLIENT_LIMIT;
  server.on("request", (request, response) => {
    request.resume();
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead) return void response.writeHead(405, { allow: "GET, HEAD" }).end();
    if (request.url?.split("?")[0] !== "/metrics") return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text());
  });
  let isClosed = false;
  let told = "";
  server.on("error", ({ message }) => {
    if (told !== message) log(`metrics: ${message}; tried again each second`);
    told = message;
    if (!isClosed && !server.listening) setTimeout(listen, RETRY_MS).unref();
  });
  server.on("listening", () => log(`metrics at ${address.host}:${address.port}`));
  const listen = (): void => {
    if (!isClosed) server.listen(address);
  };
  listen();
  return {
    close: () => {
      isClosed = true;
      server.close();
      server.closeAllConnections();
    },
  };
}
