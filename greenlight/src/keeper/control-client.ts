import type { IncomingMessage } from "node:http";

import { http } from "../base/light-builtins.ts";

export interface HttpCall {
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

export interface HttpReply {
  readonly status: number;
  /** At most a megabyte; what comes after it is dropped. */
  readonly text: string;
}

const REPLY_LIMIT_BYTES = 1024 * 1024;

/**
 * One small HTTP exchange on a connection of its own. `timeoutMs` bounds the whole of it. Rejects with the system's
 * error (ECONNREFUSED, …) or with one whose code is ETIMEDOUT.
 */
export function callHttp(call: HttpCall): Promise<HttpReply> {
  const body = call.body === undefined ? null : Buffer.from(JSON.stringify(call.body));
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: call.host,
      port: call.port,
      method: call.method,
      path: call.path,
      agent: false,
      headers: {
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
        ...(body === null ? {} : { "content-type": "application/json", "content-length": body.length }),
      },
    });
    const timer = setTimeout(() => {
      const message = `no answer from ${call.host}:${call.port} within ${call.timeoutMs} ms`;
      request.destroy(Object.assign(new Error(message), { code: "ETIMEDOUT" }));
    }, call.timeoutMs);
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      action();
    };
    request.on("error", (error) => settle(() => reject(error)));
    request.on("response", (response) => {
      readText(response).then(
        (text) => settle(() => resolve({ status: response.statusCode ?? 0, text })),
        (error: unknown) => settle(() => reject(error)),
      );
    });
    request.end(body ?? undefined);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (size >= REPLY_LIMIT_BYTES) continue;
    size += chunk.length;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).subarray(0, REPLY_LIMIT_BYTES).toString("utf8");
}
