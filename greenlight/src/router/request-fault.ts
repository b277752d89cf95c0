import type { IncomingMessage } from "node:http";

export interface RequestFault {
  readonly status: number;
  readonly message: string;
}

const HEADER_LIMIT = 128;
const HOST_FORM = /^[A-Za-z0-9._~!$&'()*+,;=%:[\]-]*$/;
/** Nearly every request names the same host. */
let lastGoodHost = "";

/**
 * Why a request must not be passed on, though Node's parser let it through; null: nothing. The parser, which is strict, has
 * refused before: lengths that are not one number, a length beside chunks, chunk sizes and line ends that are not to the letter,
 * folded and malformed headers, unknown methods and versions, heads of more than 16 KiB.
 */
export function faultOf(request: IncomingMessage): RequestFault | null {
  const { headers, rawHeaders } = request;
  if (rawHeaders.length > 2 * HEADER_LIMIT) return { status: 431, message: `more than ${HEADER_LIMIT} headers` };
  const { host } = headers;
  // HTTP/1.0 knew no host (RFC 9112 §3.2); two of them mean two things to two servers.
  if (host === undefined) {
    if (request.httpVersionMinor > 0) return { status: 400, message: "there is no host header" };
  } else if (host !== lastGoodHost) {
    if (!HOST_FORM.test(host)) return { status: 400, message: "the host header is no host" };
    lastGoodHost = host;
  }
  if (hostCount(rawHeaders) > 1) return { status: 400, message: "there is more than one host header" };
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return null;
  // RFC 9112 §6.1: a recipient of such a message can't know where it ends.
  if (request.httpVersionMinor === 0) return { status: 400, message: "HTTP/1.0 knows no transfer codings" };
  if (coding.toLowerCase() === "chunked") return null;
  return { status: 501, message: "this router knows no transfer coding but chunked" };
}

function hostCount(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count;
}

export interface RequestTarget {
  /** Path and query as they were sent: what they mean is the service's to say. */
  readonly path: string;
  /** The host that the target names; it replaces the host header (RFC 9112 §3.2.2). Null: it names none. */
  readonly host: string | null;
}

/** Null for what only a forward proxy understands, and for what is no target. */
export function parseTarget(target: string): RequestTarget | null {
  if (target.includes("#")) return null;
  if (target.startsWith("/")) return { path: target, host: null };
  const [, host, rest] = /^https?:\/\/([^/?]+)(.*)$/i.exec(target) ?? [];
  // Credentials in a target are a trick (RFC 9110 §4.2.4).
  if (host === undefined || rest === undefined || host.includes("@") || !HOST_FORM.test(host)) return null;
  return { path: rest.startsWith("/") ? rest : `/${rest}`, host };
}
