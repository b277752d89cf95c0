import { createRequire } from "node:module";

import type { Pool } from "undici";

import { patientConnector } from "./patient-connector.ts";
import type { RouteUpstream, UpstreamStatus } from "./wire.ts";

// undici's index loads everything it has (fetch, caches, mocks: 150 ms on two slow cores), its pool alone 45 ms.
const UpstreamPool = createRequire(import.meta.url)("undici/lib/dispatcher/pool.js") as typeof Pool;

/**
 * An idle connection is closed well before the service would close it (Node and uvicorn after 5 s), or a POST could be
 * written into a connection that is just going away. undici's timer is coarse and may fire a second late.
 */
const IDLE_MS = 3000;
const CONNECTION_LIMIT = 256;
const CONNECT_TIMEOUT_MS = 1000;
const REMEMBERED_COUNT = 8;

export interface UpstreamLimits {
  /** Longest wait for the head of an answer. */
  readonly headTimeoutMs: number;
  /** Longest silence within a body. */
  readonly bodyTimeoutMs: number;
}

/** One deployment as the router sees it: its connections and its counters. */
export class Upstream {
  readonly deploymentId: string;
  readonly address: string;
  readonly pool: Pool;
  inFlightCount = 0;
  requestCount = 0;
  serverErrorCount = 0;
  failureCount = 0;

  constructor(target: RouteUpstream, limits: UpstreamLimits) {
    this.deploymentId = target.deploymentId;
    this.address = addressOf(target);
    this.pool = new UpstreamPool(this.address, {
      connections: CONNECTION_LIMIT,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      connect: patientConnector(CONNECT_TIMEOUT_MS),
      headersTimeout: limits.headTimeoutMs,
      bodyTimeout: limits.bodyTimeoutMs,
    });
  }

  status(): UpstreamStatus {
    const { deploymentId, inFlightCount, requestCount, serverErrorCount, failureCount } = this;
    return { deploymentId, inFlightCount, requestCount, serverErrorCount, failureCount };
  }
}

/** The upstreams that the router holds connections to. Only the route's one gets new requests. */
export class Upstreams {
  readonly #limits: UpstreamLimits;
  readonly #all = new Map<string, Upstream>();

  constructor(limits: UpstreamLimits) {
    this.#limits = limits;
  }

  /** The upstream of the route; a slot that moved to another port gets new connections and keeps its counters. */
  select(target: RouteUpstream): Upstream {
    const known = this.#all.get(target.deploymentId);
    if (known?.address === addressOf(target)) return known;
    const fresh = new Upstream(target, this.#limits);
    if (known !== undefined) {
      fresh.requestCount = known.requestCount;
      fresh.serverErrorCount = known.serverErrorCount;
      fresh.failureCount = known.failureCount;
      void known.pool.close();
    }
    this.#all.set(target.deploymentId, fresh);
    this.#forgetOld(fresh);
    return fresh;
  }

  /** Breaks what is still under way there and forgets the deployment. Idempotent. */
  async close(deploymentId: string): Promise<void> {
    const known = this.#all.get(deploymentId);
    this.#all.delete(deploymentId);
    await known?.pool.destroy(new Error("the deployment was drained"));
  }

  statuses(): UpstreamStatus[] {
    return [...this.#all.values()].map((upstream) => upstream.status());
  }

  /** Controllers close what they drained; one that died did not. */
  #forgetOld(current: Upstream): void {
    for (const upstream of this.#all.values()) {
      if (this.#all.size <= REMEMBERED_COUNT) return;
      if (upstream !== current && upstream.inFlightCount === 0) void this.close(upstream.deploymentId);
    }
  }

  inFlightCount(): number {
    let count = 0;
    for (const upstream of this.#all.values()) count += upstream.inFlightCount;
    return count;
  }
}

function addressOf(target: RouteUpstream): string {
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return `http://${host}:${target.port}`;
}
