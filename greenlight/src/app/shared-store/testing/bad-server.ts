import { createServer, type Server, type Socket } from "node:net";

/** How a server that is no store, or no longer one, treats those who connect. */
export type Misbehaviour = "hangs" | "garbage" | "web-page" | "closes" | "cut-short" | "unavailable";

/** A TCP server on a free port of the loopback that never does what a store does. */
export class BadServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  requests = 0;

  private constructor(behaviour: Misbehaviour) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
      socket.on("data", () => {
        this.requests += 1;
        if (behaviour === "hangs") return;
        if (behaviour === "closes") socket.destroy();
        else socket.end(ANSWERS[behaviour]);
      });
    });
  }

  static async start(behaviour: Misbehaviour): Promise<BadServer> {
    const bad = new BadServer(behaviour);
    await new Promise<void>((resolve) => bad.#server.listen(0, "127.0.0.1", resolve));
    return bad;
  }

  get endpoint(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const PAGE = "<!doctype html><title>Router</title><p>Log in";

const ANSWERS: Readonly<Record<Exclude<Misbehaviour, "hangs" | "closes">, string>> = {
  garbage: "\u0000\u0001SSH-2.0-nonsense\r\n\r\n\u0000".repeat(20),
  "web-page": `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${PAGE.length}\r\nconnection: close\r\n\r\n${PAGE}`,
  "cut-short": 'HTTP/1.1 200 OK\r\netag: "a"\r\ncontent-length: 100000\r\nconnection: close\r\n\r\n{"schema":1,',
  unavailable:
    "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/xml\r\ncontent-length: 75\r\nconnection: close\r\n\r\n<Error><Code>SlowDown</Code><Message>Please reduce your rate</Message></Error>".slice(
      0,
      -3,
    ),
};
