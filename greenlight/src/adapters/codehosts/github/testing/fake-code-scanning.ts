import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface TakenLog {
  readonly commit: string;
  readonly ref: string;
  readonly log: {
    readonly runs: readonly {
      readonly tool: unknown;
      readonly results: readonly Readonly<Record<string, unknown>>[];
    }[];
  };
  readonly bytes: number;
}

/**
 * GitHub's `code-scanning/sarifs` over a socket, for the repository `shop/films`: strict about what it takes, within the
 * limits that GitHub documents. `refusal`: what it answers instead, once for each entry.
 */
export class FakeCodeScanning {
  readonly taken: TakenLog[] = [];
  readonly refusals: { readonly status: number; readonly message: string }[] = [];
  /** What has become of a log when it is asked for. */
  status: { readonly processing_status: string; readonly errors?: readonly string[] } = {
    processing_status: "complete",
  };
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(token: string): Promise<FakeCodeScanning> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const fake = new FakeCodeScanning(server);
    server.on("request", async (request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const isAllowed = request.headers.authorization === `Bearer ${token}`;
      const [status, body] = isAllowed
        ? fake.#answer(request, Buffer.concat(chunks).toString())
        : ([401, { message: "Bad credentials" }] as const);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    return fake;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, text: string): readonly [number, unknown] {
    const [, id] = /^\/repos\/shop\/films\/code-scanning\/sarifs(?:\/([\w-]+))?$/u.exec(request.url ?? "") ?? [];
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return [refusal.status, { message: refusal.message }];
    if (request.method === "GET" && id !== undefined) return [200, this.status];
    if (request.method !== "POST" || !(request.url ?? "").endsWith("/films/code-scanning/sarifs"))
      return [404, { message: "Not Found" }];
    return this.#take(JSON.parse(text) as Record<string, unknown>);
  }

  #take({ commit_sha: commit, ref, sarif }: Record<string, unknown>): readonly [number, unknown] {
    if (typeof commit !== "string" || !/^[0-9a-f]{40}$/u.test(commit))
      return [400, { message: "commit_sha is invalid" }];
    if (typeof ref !== "string" || !/^refs\/(?:heads|tags)\/.+|refs\/pull\/\d+\/(?:merge|head)$/u.test(ref))
      return [400, { message: "ref is invalid" }];
    const packed = Buffer.from(String(sarif), "base64");
    if (packed.length > 10 * 1024 * 1024) return [413, { message: "Payload Too Large" }];
    const log = JSON.parse(gunzipSync(packed).toString()) as TakenLog["log"];
    if (log.runs.length > 20) return [400, { message: `more runs than allowed (${log.runs.length} > 20)` }];
    if (log.runs.some(({ results }) => results.length > 25_000)) return [400, { message: "more results than allowed" }];
    if (!log.runs.every(({ results }) => results.every(isPlaced)))
      return [400, { message: "expected at least one location" }];
    this.taken.push({ commit, ref, log, bytes: packed.length });
    return [202, { id: `sarif-${this.taken.length}`, url: `${this.url}/x` }];
  }
}

function isPlaced(result: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(result["locations"]) && result["locations"].length > 0;
}
