import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** Meant for one connection only (RFC 9110 §7.6.1, and RFC 9112 for `transfer-encoding`); the next hop sets its own. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Set by the router itself; `expect` was answered by it already. */
const REPLACED = new Set(["expect", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);

/** A `connection` header must not be able to take these away from the next hop. */
const PROTECTED = new Set(["host", "content-length", "content-type", "authorization", "cookie"]);

/**
 * The headers that go upstream, as a flat list of names and values in their order. What a proxy on this machine says
 * about the client is kept; what anybody else says about it is replaced by what the socket tells. `host` stands in
 * for the host header.
 */
export function requestHeaders(request: IncomingMessage, host: string | null = null): string[] {
  const raw = request.rawHeaders;
  const listed = listedByConnection(request.headers.connection);
  const forwarded: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || REPLACED.has(lower) || listed?.has(lower)) continue;
    if (host !== null && lower === "host") continue;
    if (lower.includes("_") && isDisguised(lower)) continue;
    forwarded.push(name, raw[index + 1] ?? "");
  }
  // HTTP/1.0 knew no host; what goes upstream is HTTP/1.1 (RFC 9112 §3.2: it may be empty).
  if (host !== null || request.headers.host === undefined) forwarded.push("host", host ?? "");
  addForwarded(forwarded, request, host);
  return forwarded;
}

/** Gateways in the manner of CGI (WSGI, PHP) take `x_forwarded_for` for `x-forwarded-for`. */
function isDisguised(name: string): boolean {
  const meant = name.replaceAll("_", "-");
  return HOP_BY_HOP.has(meant) || REPLACED.has(meant) || PROTECTED.has(meant);
}

/** The upstream's headers as they go to the client. Takes over `headers`. */
export function responseHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const listed = listedByConnection(headers.connection);
  for (const name in headers) {
    if (HOP_BY_HOP.has(name) || listed?.has(name)) delete headers[name];
  }
  return headers;
}

function addForwarded(forwarded: string[], request: IncomingMessage, named: string | null): void {
  const peer = request.socket.remoteAddress ?? "unknown";
  const isTrusted = peer === "127.0.0.1" || peer === "::1" || peer === "::ffff:127.0.0.1";
  const scheme = "encrypted" in request.socket ? "https" : "http";
  const earlier = isTrusted ? request.headers["x-forwarded-for"] : undefined;
  const host = (isTrusted ? request.headers["x-forwarded-host"] : undefined) ?? named ?? request.headers.host;
  const protocol = (isTrusted ? request.headers["x-forwarded-proto"] : undefined) ?? scheme;
  forwarded.push("x-forwarded-for", earlier === undefined ? peer : `${String(earlier)}, ${peer}`);
  if (host !== undefined) forwarded.push("x-forwarded-host", String(host));
  forwarded.push("x-forwarded-proto", String(protocol));
}

function listedByConnection(connection: string | undefined): ReadonlySet<string> | null {
  // Nearly every request says just this, or nothing.
  if (connection === undefined || connection === "keep-alive" || connection === "close") return null;
  const names = connection.toLowerCase().split(",");
  return new Set(names.map((name) => name.trim()).filter((name) => !PROTECTED.has(name)));
}
