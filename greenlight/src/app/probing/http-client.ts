import type { Json } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";

const MAX_BODY_BYTES = 1024 * 1024;

export interface ProbeRequest {
  readonly method: string;
  /** Where the service answers, e.g. `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Starts with a slash. */
  readonly path: string;
  readonly body?: Json | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface ProbeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly durationMs: number;
}

/**
 * One request, never repeated and never redirected; the answer is bounded in time and to 1 MiB. What the service does
 * wrong comes back as a clause for people; an abort of `signal` rejects with its reason.
 */
export async function probe(request: ProbeRequest): Promise<Result<ProbeAnswer, string>> {
  const startedAt = performance.now();
  const timeout = AbortSignal.timeout(request.timeoutMs);
  try {
    const response = await fetch(addressOf(request.url, request.path), {
      method: request.method,
      redirect: "manual",
      signal: AbortSignal.any([request.signal, timeout]),
      ...(request.body === undefined
        ? {}
        : { body: JSON.stringify(request.body), headers: { "content-type": "application/json" } }),
    });
    const text = await readBounded(response);
    if (text === null) return err(`the answer is longer than ${MAX_BODY_BYTES} bytes`);
    const durationMs = performance.now() - startedAt;
    return ok({ status: response.status, headers: response.headers, text, durationMs });
  } catch (error) {
    request.signal.throwIfAborted();
    return err(timeout.aborted ? `no answer within ${request.timeoutMs} ms` : describeFault(error));
  }
}

/** The path is put behind the address as text: resolving it could lead to another host (`//elsewhere`). */
export function addressOf(url: string, path: string): string {
  return `${url.replace(/\/+$/, "")}${path}`;
}

async function readBounded(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the body, so nothing of an endless answer is read on.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** `fetch` wraps the system's error; a name that resolves to several addresses wraps it once more. */
function describeFault(error: unknown): string {
  for (let fault = error; fault instanceof Error; fault = fault.cause) {
    const inner: unknown = fault instanceof AggregateError ? fault.errors[0] : fault;
    if (inner instanceof Error && "code" in inner && typeof inner.code === "string") {
      return FAULTS[inner.code] ?? `${inner.code}: ${inner.message}`;
    }
  }
  return error instanceof Error ? error.message : String(error);
}

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  ENOTFOUND: "there is no such host",
};
