import type { ServerResponse } from "node:http";

/** An answer of the router's own. The connection is closed when there may be a rest of the request on it. */
export function answerPlainly(
  response: ServerResponse,
  status: number,
  message: string,
  retryAfterSeconds: number | null = null,
): void {
  if (response.headersSent || response.destroyed) return;
  const text = plainBody(status, message);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...(response.req.complete ? {} : { connection: "close" }),
    ...(retryAfterSeconds === null ? {} : { "retry-after": String(retryAfterSeconds) }),
  });
  response.end(text);
}

/** As `answerPlainly`, for a connection on which nothing more may be understood as a request. */
export function answerLast(response: ServerResponse, status: number, message: string): void {
  response.shouldKeepAlive = false;
  answerPlainly(response, status, message);
}

/** The same as bytes, for a connection that has no response to write with. */
export function rawAnswer(status: number, reason: string, message: string): string {
  const text = plainBody(status, message);
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    "connection: close",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}

function plainBody(status: number, message: string): string {
  return `${JSON.stringify({ error: { status, message } })}\n`;
}
