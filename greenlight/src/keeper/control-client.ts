import type { IncomingMessage } from "node:http";

import { http } from "../base/light-builtins.ts";

export interface HttpCall {
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** A body that is sent as it is, in the place of `body`. */
  readonly text?: string | null;
  readonly timeoutMs: number;
  /** Over TLS, to our own router on this machine: its certificate is for the name that users call, so it is not checked. */
  readonly isOwnTls?: boolean;
}

export interface HttpReply {
  readonly status: number;
  /** At most a megabyte; what comes after it is dropped. */
  readonly text: string;
  /** Names in lower case; of several values the first. */
  readonly headers: Readonly<Record<string, string>>;
}

const REPLY_LIMIT_BYTES = 1024 * 1024;

/**
 * One small HTTP exchange on a connection of its own. `timeoutMs` bounds the whole of it. Rejects with the system's
 * error (ECONNREFUSED, …) or with one whose code is ETIMEDOUT.
 */
export function callHttp(call: HttpCall): Promise<HttpReply> {
  const json = call.body === undefined ? null : JSON.stringify(call.body);
  const body = (call.text ?? json) === null ? null : Buffer.from(call.text ?? json ?? "");
  return new Promise((resolve, reject) => {
    const isTls = call.isOwnTls === true;
    const request = (isTls ? process.getBuiltinModule("node:https") : http).request({
      host: call.host,
      port: call.port,
      method: call.method,
      path: call.path,
      agent: false,
      ...(isTls ? { rejectUnauthorized: false } : {}),
      headers: {
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
        ...(json === null ? {} : { "content-type": "application/json" }),
        ...call.headers,
        ...(body === null ? {} : { "content-length": body.length }),
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
        (text) => settle(() => resolve({ status: response.statusCode ?? 0, text, headers: headersOf(response) })),
        (error: unknown) => settle(() => reject(error)),
      );
    });
    request.end(body ?? undefined);
  });
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? (value[0] ?? "") : (value ?? "")]),
  );
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
