/** A request whose body, if any, is all there. */
export interface PlainRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  readonly body: Buffer | null;
}

/** As undici calls it, so that one handler serves both kinds of pool. */
const UNSENDABLE = "UND_ERR_INVALID_ARG";

const NOT_IN_PATH = /[^\x21-\xff]/;
const NOT_IN_VALUE = /[\0\r\n]|[^\0-\xff]/;

/** What is sent before the body. Throws what can't be sent, though Node's parser has refused nearly all of that before. */
export function requestHead(request: PlainRequest): string {
  const { method, path, headers, body } = request;
  if (NOT_IN_PATH.test(path)) throw unsendable("the request target is not a path");
  let head = `${method} ${path} HTTP/1.1\r\n`;
  let hasLength = false;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    const value = headers[index + 1] ?? "";
    if (NOT_IN_VALUE.test(value)) throw unsendable(`the header ${name} is malformed`);
    if (name.length === 14 && name.toLowerCase() === "content-length") hasLength = true;
    head += `${name}: ${value}\r\n`;
  }
  // Without it some services wait for a body, or ask for its length (RFC 9110 §8.6).
  if (!hasLength && method !== "GET" && method !== "HEAD") head += `content-length: ${body?.length ?? 0}\r\n`;
  return `${head}\r\n`;
}

function unsendable(message: string): Error {
  return Object.assign(new Error(message), { code: UNSENDABLE });
}
