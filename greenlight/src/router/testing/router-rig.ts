import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { callHttp, type HttpReply } from "../../keeper/control-client.ts";
import { startRouter, type Router, type RouterOptions } from "../router.ts";
import type { Route, RouterStatus, UpstreamStatus } from "../wire.ts";

/** A router in this process with services behind it, all on loopback; `end` ends all of them. */
export class RouterRig {
  readonly folder: string;
  readonly lines: string[] = [];
  router!: Router;
  readonly #servers: Server[] = [];
  readonly #sockets: Socket[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(options: Partial<RouterOptions> & { readonly folder?: string } = {}): Promise<RouterRig> {
    const rig = new RouterRig(options.folder ?? (await mkdtemp(join(tmpdir(), "router-"))));
    await rig.startRouter(options);
    return rig;
  }

  async startRouter(options: Partial<RouterOptions> = {}): Promise<void> {
    const log = (line: string): void => void this.lines.push(line);
    const started = await startRouter({ folder: this.folder, host: "127.0.0.1", port: 0, log, ...options });
    if (!started.ok) throw new Error(started.error.message);
    this.router = started.value;
  }

  async service(listener: RequestListener, port = 0): Promise<{ readonly port: number; readonly server: Server }> {
    const server = createServer(listener);
    this.#servers.push(server);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return { port: (server.address() as AddressInfo).port, server };
  }

  /** A raw connection to the router. */
  connect(): Socket {
    const socket = connect(this.router.record.port, "127.0.0.1");
    socket.on("error", () => {});
    this.#sockets.push(socket);
    return socket;
  }

  ask(method: string, path: string, body?: unknown): Promise<HttpReply> {
    return callHttp({ host: "127.0.0.1", port: this.router.record.port, method, path, body, timeoutMs: 8000 });
  }

  admin(method: string, path: string, body?: unknown): Promise<HttpReply> {
    const { adminPort: port, token } = this.router.record;
    return callHttp({ host: "127.0.0.1", port, token, method, path, body, timeoutMs: 5000 });
  }

  async status(): Promise<RouterStatus> {
    return JSON.parse((await this.admin("GET", "/status")).text) as RouterStatus;
  }

  async trafficOf(deploymentId: string): Promise<UpstreamStatus | undefined> {
    return (await this.status()).upstreams.find((each) => each.deploymentId === deploymentId);
  }

  /** Swaps the route, whatever it was; `port` null: to nothing. Answers the status of the order. */
  async route(deploymentId: string, port: number | null, holdUntilMs?: number): Promise<number> {
    const { route: before } = await this.status();
    const expected = { deploymentId: before.upstream?.deploymentId ?? null, epoch: before.epoch };
    const named = { deploymentId, releaseId: `r-${deploymentId}`, digest: "d", slot: "blue" as const };
    const upstream = port === null ? null : { ...named, host: "127.0.0.1", port };
    const held = holdUntilMs === undefined ? {} : { holdUntilMs };
    const next: Route = { schema: 1, epoch: before.epoch + 1, upstream, ...held };
    return (await this.admin("PUT", "/route", { expected, next })).status;
  }

  /** The same where it must succeed: throws when the order is refused. */
  async goLive(deploymentId: string, port: number): Promise<void> {
    const status = await this.route(deploymentId, port);
    if (status !== 200) throw new Error(`the route to ${deploymentId} was refused: ${status}`);
  }

  async end(): Promise<void> {
    await this.router.close(0);
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    // The last certificate may still be on its way to the disk.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  }
}
