import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";

import { WrongWork } from "../measure/wrong-work.ts";
import type { Contender } from "./contender.ts";
import { ServedProcess } from "./served-process.ts";
import { LARGE_BYTES } from "./workload.ts";

/** What the service saw of a request. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bodyDigest: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const REQUEST_COUNT = 30;

/**
 * Before anything is timed, in front of a service that tells what it sees: methods, targets, headers and bodies arrive as
 * they were sent, answers come back as they were given, and connections are used again on both sides. Throws WrongWork.
 */
export async function prove(contender: Contender, scratch: string): Promise<void> {
  const sockets = new Set<unknown>();
  const service = tellingService(sockets);
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  const { port: upstreamPort } = service.address() as AddressInfo;
  const options = { scratch, name: `${contender.name}-proof`, upstreamPort };
  const proxy = await ServedProcess.start((place) => contender.call(place), options);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    sockets.clear();
    await proveAll(contender, (one) => send(proxy.port, agent, one));
    // The service may have closed one that was idle for long; a proxy that opens one a request is no match for others.
    expect(
      sockets.size < REQUEST_COUNT / 3,
      `${sockets.size} connections to the service for ${REQUEST_COUNT} requests`,
    );
  } finally {
    agent.destroy();
    await proxy.stop();
    service.close();
    service.closeAllConnections();
  }
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Buffer;
}

async function proveAll(contender: Contender, ask: (sent: Sent) => Promise<Answer>): Promise<void> {
  const large = Buffer.from(Array.from({ length: LARGE_BYTES }, (_, index) => index % 251));
  const chunks = { "transfer-encoding": "chunked" };
  const all: readonly Sent[] = [
    { method: "GET", path: "/films?year=1979&q=%C3%A9" },
    { method: "HEAD", path: "/" },
    { method: "DELETE", path: "/film/1" },
    { method: "POST", path: "/predict", headers: lengthOf(large.subarray(0, 57)), body: large.subarray(0, 57) },
    { method: "PUT", path: "/predict", headers: lengthOf(large), body: large },
    { method: "POST", path: "/predict", headers: chunks, body: large },
  ];
  for (let index = 0; index < REQUEST_COUNT; index += 1) {
    const sent = all[index % all.length];
    if (sent === undefined) continue;
    const what = `${sent.method} ${sent.path}`;
    const answer = await ask({ ...sent, headers: { ...sent.headers, "x-client": "bench" } });
    expect(answer.status === 200, `${what}: status ${answer.status}`);
    expect(answer.headers["x-service"] === "telling", `${what}: the service's header is not passed on`);
    if (sent.method === "HEAD") continue;
    const seen = JSON.parse(answer.body.toString()) as Seen;
    expect(seen.method === sent.method && seen.url === sent.path, `${what}: arrived as ${seen.method} ${seen.url}`);
    expect(seen.headers["x-client"] === "bench", `${what}: the client's header is not passed on`);
    expect(seen.bodyDigest === digestOf(sent.body ?? Buffer.alloc(0)), `${what}: another body arrived`);
    const tellsClient = seen.headers["x-forwarded-for"] === "127.0.0.1";
    expect(contender.isFloor === true || tellsClient, `${what}: the service is not told whose request it is`);
  }
  const missing = await ask({ method: "GET", path: "/missing" });
  expect(missing.status === 404, `a 404 comes back as ${missing.status}`);
  const stream = await ask({ method: "GET", path: "/large" });
  expect(isDeepStrictEqual(stream.body, large), "a chunked answer comes back as another one");
}

function tellingService(sockets: Set<unknown>): Server {
  const large = Buffer.from(Array.from({ length: LARGE_BYTES }, (_, index) => index % 251));
  return createServer((incoming, response) => {
    sockets.add(incoming.socket);
    const hash = createHash("sha256");
    incoming.on("data", (chunk: Buffer) => hash.update(chunk));
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      response.writeHead(url === "/missing" ? 404 : 200, { "x-service": "telling" });
      if (url === "/large") {
        response.write(large.subarray(0, 50_000));
        response.end(large.subarray(50_000));
        return;
      }
      response.end(JSON.stringify({ method, url, headers, bodyDigest: hash.digest("hex") } satisfies Seen));
    });
  });
}

async function send(port: number, agent: Agent, { method, path, headers, body }: Sent): Promise<Answer> {
  const sent = request({ host: "127.0.0.1", port, agent, method, path, headers });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) };
}

function lengthOf(body: Buffer): Record<string, number> {
  return { "content-length": body.length };
}

function digestOf(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new WrongWork(`proof: ${otherwise}`);
}
