import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { crypto, http } from "../base/light-builtins.ts";

export interface ControlRequest {
  /** `GET /state`: method and path, without the query. */
  readonly line: string;
  /** The parsed JSON body; null when there is none. */
  readonly body: unknown;
}

/** JSON, or plain text for whoever reads only that. */
export type ControlAnswer =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly text: string };

export interface ControlServer {
  readonly port: number;
  readonly token: string;
  close(): void;
}

const BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * JSON over HTTP on a free loopback port, for those who know the token. A handler that throws is a bug: its message goes
 * to `onError`, and the caller gets 500 without it.
 */
export async function serveControl(
  handle: (request: ControlRequest) => Promise<ControlAnswer>,
  onError: (error: unknown) => void,
): Promise<ControlServer> {
  const token = crypto.randomBytes(32).toString("hex");
  const server = http.createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    void answer({ request, response, token, handle, onError });
  });
  const port = await listen(server);
  return {
    port,
    token,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(call: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly token: string;
  readonly handle: (request: ControlRequest) => Promise<ControlAnswer>;
  readonly onError: (error: unknown) => void;
}): Promise<void> {
  const { request, response } = call;
  if (!isAuthorised(request, call.token)) return send(response, { status: 401, body: { code: "unauthorised" } });
  try {
    const text = await readBody(request);
    if (text === null) return send(response, { status: 413, body: { code: "too-large" } });
    const body = text === "" ? null : parseJson(text);
    if (body === undefined) return send(response, { status: 400, body: { code: "invalid", message: "not JSON" } });
    const line = `${request.method} ${(request.url ?? "/").split("?")[0]}`;
    send(response, await call.handle({ line, body }));
  } catch (error) {
    call.onError(error);
    send(response, { status: 500, body: { code: "internal" } });
  }
}

function isAuthorised(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && crypto.timingSafeEqual(given, wanted);
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, reply: ControlAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const isText = "text" in reply;
  const text = isText ? reply.text : JSON.stringify(reply.body);
  const type = isText ? "text/plain; version=0.0.4; charset=utf-8" : "application/json";
  response.writeHead(reply.status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, () => resolve((server.address() as AddressInfo).port));
  });
}
