import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

export interface LoadReport {
  readonly requestCount: number;
  /** What went wrong, one line each: errors, other statuses than 200, short or wrong bodies. */
  readonly failures: readonly string[];
}

/**
 * Clients with keep-alive connections that never retry: GET and POST, small and 100 KB bodies, chunked
 * uploads, quick and slow answers. Each answer is compared with what the tiny service must give. Call the result to end it.
 */
export function steadyLoad(port: number, clientCount: number): () => Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: clientCount });
  const failures: string[] = [];
  let requestCount = 0;
  const over = new AbortController();
  const clients = Array.from({ length: clientCount }, async (_, client) => {
    for (let turn = client; !over.signal.aborted; turn += 1) {
      requestCount += 1;
      const failure = await exchange(agent, port, KINDS[turn % KINDS.length] ?? KINDS[0]).catch(String);
      if (failure !== null) failures.push(failure);
      await pause(THINKING_MS);
    }
  });
  return async () => {
    over.abort();
    await Promise.all(clients);
    agent.destroy();
    return { requestCount, failures };
  };
}

/** Leaves the processes under test some of the processor. */
const THINKING_MS = 5;

interface Kind {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer | null;
  readonly isChunked: boolean;
}

const LARGE = Buffer.alloc(100_000, "0123456789");
const KINDS: readonly [Kind, ...Kind[]] = [
  { method: "GET", path: "/health", body: null, isChunked: false },
  { method: "POST", path: "/predict", body: Buffer.from('{"film":"Alien"}'), isChunked: false },
  { method: "POST", path: "/echo", body: Buffer.from("small"), isChunked: false },
  { method: "GET", path: "/predict?delay-ms=20", body: null, isChunked: false },
  { method: "POST", path: "/echo", body: LARGE, isChunked: false },
  { method: "POST", path: "/echo?delay-ms=30", body: Buffer.from("slow"), isChunked: false },
  { method: "POST", path: "/echo", body: LARGE, isChunked: true },
];

async function exchange(agent: Agent, port: number, kind: Kind): Promise<string | null> {
  const { method, path, body, isChunked } = kind;
  const headers = body === null || isChunked ? {} : { "content-length": body.length };
  const sent = request({ host: "127.0.0.1", port, method, path, agent, headers });
  sent.end(body ?? undefined);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  const received = Buffer.concat(chunks);
  if (answer.statusCode !== 200) return `${method} ${path}: ${answer.statusCode} ${received.toString().slice(0, 100)}`;
  const isEcho = path.startsWith("/echo");
  if (isEcho && (body === null || !received.equals(body)))
    return `${method} ${path}: ${received.length} bytes came back`;
  return null;
}
