import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

interface ConnectionAnswer {
  readonly status: number;
  readonly isLast: boolean;
  readonly body: string;
}

/** One connection that is kept open over many requests, as a router's or a client's pool does. */
export interface KeptConnection {
  /** Rejects when the connection breaks before the whole answer came. */
  post(path: string, body: string): Promise<ConnectionAnswer>;
  close(): void;
}

export function openConnection(url: string): KeptConnection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async post(path, body) {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const sent = request(new URL(path, url), { method: "POST", agent, headers });
      sent.end(body);
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      // Rejects when the connection ends before the answer does.
      const received = await text(answer);
      return { status: answer.statusCode ?? 0, isLast: answer.headers.connection === "close", body: received };
    },
    close: () => agent.destroy(),
  };
}
