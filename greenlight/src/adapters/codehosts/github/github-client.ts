import type { Json } from "../../../base/json.ts";

export interface GithubClient {
  /** One request, never repeated and never redirected; `path` begins behind the API's address. Never rejects. */
  call(request: GithubRequest, signal: AbortSignal): Promise<GithubAnswer>;
}

export interface GithubRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: { readonly [name: string]: Json };
}

export type GithubAnswer =
  | { readonly kind: "ok"; readonly body: unknown }
  /** It may pass by itself, and what was asked for may have been done. */
  | { readonly kind: "later"; readonly why: string; readonly waitMs: number | null }
  | { readonly kind: "refused"; readonly status: number; readonly why: string };

const TIMEOUT_MS = 10_000;
const LARGEST_BYTES = 8 * 1024 * 1024;
const SHOWN_CHARACTERS = 200;
/** GitHub's REST API as of this version: https://docs.github.com/rest */
const VERSION = "2022-11-28";

/** The part of GitHub's REST API that is needed here, by the platform's own `fetch`. */
export function githubClient(options: {
  /** `https://api.github.com`. */
  readonly apiUrl: string;
  readonly token: string;
  readonly timeoutMs?: number;
  /** Milliseconds since the epoch. */
  now?(): number;
}): GithubClient {
  const { apiUrl, token, timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  return {
    call: async ({ method, path, body }, signal) => {
      try {
        const response = await fetch(`${apiUrl}${path}`, {
          method,
          headers: {
            accept: "application/vnd.github+json",
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            "user-agent": "greenlight",
            "x-github-api-version": VERSION,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          // A token goes to nobody but who was named.
          redirect: "manual",
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        });
        return judge(response, await readText(response), now());
      } catch (error) {
        return { kind: "later", why: reasonOf(error, timeoutMs), waitMs: null };
      }
    },
  };
}

function judge(response: Response, text: string, now: number): GithubAnswer {
  const { status } = response;
  if (status >= 200 && status < 300) {
    const body = parseJson(text);
    return body === undefined ? { kind: "later", why: "the answer is no JSON", waitMs: null } : { kind: "ok", body };
  }
  const why = `HTTP ${status}${messageOf(text)}`;
  if (status === 429 || status === 408 || status >= 500 || isLimited(response)) {
    return { kind: "later", why, waitMs: waitOf(response, now) };
  }
  return { kind: "refused", status, why };
}

/** GitHub answers 403 for its limits too (REST API, "Rate limits for the REST API"). */
function isLimited({ status, headers }: Response): boolean {
  return status === 403 && (headers.get("retry-after") !== null || headers.get("x-ratelimit-remaining") === "0");
}

function waitOf({ headers }: Response, now: number): number | null {
  const seconds = Number(headers.get("retry-after") ?? "");
  if (headers.get("retry-after") !== null && Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(headers.get("retry-after") ?? "");
  if (Number.isFinite(date)) return Math.max(0, date - now);
  const reset = Number(headers.get("x-ratelimit-reset") ?? "");
  const isSpent = headers.get("x-ratelimit-remaining") === "0" && reset > 0;
  return isSpent ? Math.max(0, reset * 1000 - now) : null;
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > LARGEST_BYTES) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function messageOf(text: string): string {
  const body = parseJson(text);
  const message = typeof body === "object" && body !== null && "message" in body ? body.message : null;
  return typeof message === "string" ? `: ${message.slice(0, SHOWN_CHARACTERS)}` : "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return `no answer within ${timeoutMs / 1000} s`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
