import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A port in front of another one, whose connections can be cut after so many bytes. */
export class CuttingPort {
  /** Sent by clients, over all connections. */
  sentBytes = 0;
  #budget = Number.POSITIVE_INFINITY;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: number) {
    this.#server = createServer((client) => this.#carry(client, connect({ host: "127.0.0.1", port: target })));
  }

  static async open(target: number): Promise<CuttingPort> {
    const made = new CuttingPort(target);
    made.#server.listen(0, "127.0.0.1");
    await once(made.#server, "listening");
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts the connection that carries the client's `bytes`th byte from now on. Once. */
  cutAfter(bytes: number): void {
    this.#budget = bytes;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #carry(client: Socket, upstream: Socket): void {
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    upstream.pipe(client);
    client.pipe(upstream);
    client.on("data", (chunk: Buffer) => {
      this.sentBytes += chunk.length;
      this.#budget -= chunk.length;
      if (this.#budget > 0) return;
      this.#budget = Number.POSITIVE_INFINITY;
      client.destroy();
      upstream.destroy();
    });
  }
}
