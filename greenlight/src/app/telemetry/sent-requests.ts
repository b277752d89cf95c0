import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";

/** Of each HTTP request of this process that begins, whoever makes it; Node's documentation of `node:http` names it. */
const CHANNEL = "http.client.request.start";

/**
 * The requests of the exporter, which doesn't hand them out. Its own limit is one of silence: a collector that answers with a byte now
 * and then would hold the process for ever. They are known by their user agent, and agents, certificates and proxies stay
 * those of the exporter.
 */
export class SentRequests {
  readonly #open = new Set<ClientRequest>();
  readonly #userAgent: string;
  readonly #onStart = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    if (!String(request.getHeader("user-agent")).startsWith(this.#userAgent)) return;
    this.#open.add(request);
    request.once("close", () => this.#open.delete(request));
  };

  constructor(userAgent: string) {
    this.#userAgent = userAgent;
    subscribe(CHANNEL, this.#onStart);
  }

  /** Ends what is still under way, and looks no further. */
  end(): void {
    unsubscribe(CHANNEL, this.#onStart);
    for (const request of this.#open) request.destroy();
  }
}
