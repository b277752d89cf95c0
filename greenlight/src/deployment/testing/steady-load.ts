import { once } from "node:events";
import { Agent, request, type ClientRequest, type IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

export interface LoadReport {
  readonly requestCount: number;
  /** What went wrong, one line each: errors, other statuses than 200, short or wrong bodies. */
  readonly failures: readonly string[];
}

/**
 * Clients with keep-alive connections that never retry: 70 % GET and 30 % POST, small and 100 KB bodies, chunked and slow
 * uploads, quick, slow and streamed answers. Each is compared with what the tiny service must give. Call the result to end it.
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
  /** `slow`: in pieces, with a pause between them. */
  readonly upload: "whole" | "chunked" | "slow";
}

const LARGE = Buffer.alloc(100_000, "0123456789");
const PIECE_BYTES = 20_000;
const PIECE_PAUSE_MS = 5;
const STREAMED_BYTES = 5000;

const QUICK = get("/health");
const KINDS: readonly [Kind, ...Kind[]] = [
  QUICK,
  post("/predict", Buffer.from('{"film":"Alien"}')),
  get("/predict"),
  get("/predict?delay-ms=20"),
  post("/echo", LARGE),
  QUICK,
  get("/stream?pieces=5"),
  post("/echo?delay-ms=30", Buffer.from("slow")),
  QUICK,
  get("/predict"),
  get("/stream?pieces=5"),
  post("/echo", LARGE, "chunked"),
  QUICK,
  get("/predict?delay-ms=20"),
  post("/echo", LARGE, "slow"),
  get("/predict"),
  QUICK,
  post("/echo", Buffer.from("small")),
  get("/stream?pieces=5"),
  QUICK,
];

function get(path: string): Kind {
  return { method: "GET", path, body: null, upload: "whole" };
}

function post(path: string, body: Buffer, upload: Kind["upload"] = "whole"): Kind {
  return { method: "POST", path, body, upload };
}

async function exchange(agent: Agent, port: number, kind: Kind): Promise<string | null> {
  const { method, path, body } = kind;
  const headers = body === null || kind.upload !== "whole" ? {} : { "content-length": body.length };
  const sent = request({ host: "127.0.0.1", port, method, path, agent, headers });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  // A connection that breaks when the answer has begun says so as well; the answer then is not whole.
  sent.on("error", () => {});
  const [[answer]] = await Promise.all([answered, sendBody(sent, kind)]);
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  const received = Buffer.concat(chunks);
  if (answer.statusCode !== 200) return `${method} ${path}: ${answer.statusCode} ${received.toString().slice(0, 100)}`;
  const isWhole =
    (!path.startsWith("/echo") || (body !== null && received.equals(body))) &&
    (!path.startsWith("/stream") || received.length === STREAMED_BYTES);
  return isWhole ? null : `${method} ${path}: ${received.length} bytes came back`;
}

async function sendBody(sent: ClientRequest, kind: Kind): Promise<void> {
  if (kind.body !== null && kind.upload === "slow") {
    for (let from = 0; from < kind.body.length; from += PIECE_BYTES) {
      sent.write(kind.body.subarray(from, from + PIECE_BYTES));
      await pause(PIECE_PAUSE_MS);
    }
    sent.end();
  } else sent.end(kind.body ?? undefined);
}
