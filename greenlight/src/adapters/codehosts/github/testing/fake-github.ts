import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of a request. `lost`: done, and the connection breaks before the answer. `unknown`: done, and answered with 502. */
export type Fate =
  | "served"
  | "hang"
  | "reset"
  | "lost"
  | "unknown"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly message?: string };

export interface FakeDeployment {
  readonly id: number;
  readonly sha: string;
  readonly environment: string;
  readonly payload: unknown;
  readonly body: Readonly<Record<string, unknown>>;
  readonly statuses: {
    readonly id: number;
    readonly state: string;
    readonly body: Readonly<Record<string, unknown>>;
  }[];
}

const STATES = new Set(["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]);

/** GitHub's Deployments API over a socket, strict about what it takes, with faults on demand. */
export class FakeGithub {
  readonly deployments: FakeDeployment[] = [];
  /** `POST /deployments`. */
  readonly requests: string[] = [];
  /** Of each request, from 1 on, before it is looked at. */
  fate: (line: string, count: number) => Fate | Promise<Fate> = () => "served";
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;
  #lastId = 1000;
  readonly #commits: Set<string>;

  private constructor(server: ReturnType<typeof createServer>, commits: readonly string[]) {
    this.#commits = new Set(commits);
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(options: { readonly token: string; readonly commits: readonly string[] }): Promise<FakeGithub> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const fake = new FakeGithub(server, options.commits);
    server.on("request", (request, response) => void fake.#serve(request, response, options));
    return fake;
  }

  /** A commit that was pushed. */
  allow(commit: string): void {
    this.#commits.add(commit);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Deployment and the states that it was told, oldest first, as one line each. */
  get story(): readonly string[] {
    return this.deployments.map(({ environment, sha, statuses }) =>
      [`${environment} ${sha.slice(0, 4)}:`, ...statuses.map(({ state }) => state)].join(" "),
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse, options: { readonly token: string }): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const line = `${request.method} ${url.pathname.replace("/repos/shop/films", "")}`;
    this.requests.push(line);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const fate = await this.fate(line, this.requests.length);
    if (fate === "hang") return;
    if (fate === "reset") return void request.socket.destroy();
    if (typeof fate === "object") return answer(response, fate.status, { message: fate.message ?? "no" }, fate.headers);
    const text = Buffer.concat(chunks).toString();
    const isAllowed = request.headers.authorization === `Bearer ${options.token}`;
    const [status, body] = isAllowed
      ? this.#handle(`${request.method}`, url, text === "" ? {} : (JSON.parse(text) as Record<string, unknown>))
      : ([401, { message: "Bad credentials" }] as const);
    if (fate === "lost") return void request.socket.destroy();
    if (fate === "unknown") return answer(response, 502, { message: "Server Error" });
    answer(response, status, body);
  }

  #handle(method: string, url: URL, body: Record<string, unknown>): readonly [number, unknown] {
    const [, repository, rest = ""] = /^\/repos\/([\w-]+\/[\w-]+)\/deployments(.*)$/u.exec(url.pathname) ?? [];
    if (repository !== "shop/films") return [404, { message: "Not Found" }];
    if (rest === "" && method === "GET") return [200, this.#list(url.searchParams)];
    if (rest === "" && method === "POST") {
      if (typeof body["ref"] !== "string" || !this.#commits.has(body["ref"]))
        return [422, { message: `No ref found for: ${String(body["ref"])}` }];
      if (body["auto_merge"] !== false || !Array.isArray(body["required_contexts"]))
        return [409, { message: "Conflict" }];
      if (String(body["description"] ?? "").length > 140) return [422, { message: "description is too long" }];
      return [201, this.#made(body)];
    }
    const id = Number(/^\/(\d+)\/statuses$/u.exec(rest)?.[1]);
    const deployment = this.deployments.find((each) => each.id === id);
    if (deployment === undefined) return [404, { message: "Not Found" }];
    if (method === "GET")
      return [200, deployment.statuses.toReversed().map(({ id: own, state }) => ({ id: own, state }))];
    const state = String(body["state"]);
    if (!STATES.has(state)) return [422, { message: `state is not included in the list: ${state}` }];
    this.#lastId += 1;
    deployment.statuses.push({ id: this.#lastId, state, body });
    return [201, { id: this.#lastId, state }];
  }

  #list(query: URLSearchParams): readonly unknown[] {
    const size = Number(query.get("per_page") ?? 30);
    const from = (Number(query.get("page") ?? 1) - 1) * size;
    return this.deployments
      .filter((each) => (query.get("sha") ?? each.sha) === each.sha)
      .filter((each) => (query.get("environment") ?? each.environment) === each.environment)
      .toReversed()
      .slice(from, from + size)
      .map(({ id, sha, environment, payload }) => ({ id, sha, environment, payload, task: "deploy" }));
  }

  #made(body: Record<string, unknown>): unknown {
    this.#lastId += 1;
    const { ref, environment, payload } = body;
    const made = { id: this.#lastId, sha: String(ref), environment: String(environment), payload, body, statuses: [] };
    this.deployments.push(made);
    return { id: made.id, sha: made.sha, environment: made.environment, payload };
  }
}

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(body));
}
