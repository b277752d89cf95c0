import type { Pool } from "undici";

import { ServicePool } from "./service-pool.ts";
import { makeStreamPool } from "./stream-pool.ts";
import { DURATION_BOUNDS_MS, Traffic } from "./traffic.ts";
import type { LongLived } from "./tunnel.ts";
import type { RouteUpstream, UpstreamStatus } from "./wire.ts";

/**
 * An idle connection is closed well before the service would close it (Node and uvicorn after 5 s), or a POST could be
 * written into a connection that is just going away. Timers are coarse: undici's may fire a second late.
 */
const IDLE_MS = 3000;
const TIMES = { idleMs: IDLE_MS, connectTimeoutMs: 1000 } as const;
const CONNECTION_LIMIT = 1024;
/** As many as there may be clients: whoever sends slowly or listens for long must not hold others up. */
const STREAM_LIMIT = 10_000;
const REMEMBERED_COUNT = 8;
const GENTLE_END_MS = 1000;

export interface UpstreamLimits {
  /** Longest wait for the head of an answer. */
  readonly headTimeoutMs: number;
  /** Longest silence within a body. */
  readonly bodyTimeoutMs: number;
}

/** One deployment as the router sees it: its connections and its counters. */
export class Upstream {
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly address: string;
  /** For requests whose bodies are all there: nearly every one. */
  readonly pool: ServicePool;
  readonly traffic: Traffic;
  readonly #limits: UpstreamLimits;
  readonly #longLived = new Set<LongLived>();
  #streams: Pool | null = null;
  #onAllLeft: (() => void) | null = null;

  /** `traffic`: the deployment's counters so far. */
  constructor(target: RouteUpstream, limits: UpstreamLimits, traffic = new Traffic()) {
    this.deploymentId = target.deploymentId;
    this.releaseId = target.releaseId;
    this.address = addressOf(target);
    this.traffic = traffic;
    this.#limits = limits;
    const { host, port } = target;
    this.pool = new ServicePool({ ...limits, ...TIMES, host, port, connectionLimit: CONNECTION_LIMIT });
  }

  /**
   * For requests that last as long as their client likes: bodies that are passed on while they come in, event streams, upgrades.
   * They have connections of their own, so that none of them can keep a short request waiting.
   */
  get streams(): Pool {
    const { address } = this;
    this.#streams ??= makeStreamPool({ ...this.#limits, ...TIMES, address, connectionLimit: STREAM_LIMIT });
    return this.#streams;
  }

  addLongLived(exchange: LongLived): void {
    this.#longLived.add(exchange);
    this.traffic.longLivedCount += 1;
  }

  /** Idempotent. */
  removeLongLived(exchange: LongLived): void {
    if (!this.#longLived.delete(exchange)) return;
    this.traffic.longLivedCount -= 1;
    if (this.#longLived.size === 0) this.#onAllLeft?.();
  }

  /** Lets the connections go as they become idle. */
  retire(): void {
    this.pool.close();
    void this.#streams?.close();
  }

  /** Asks what may last for ever to end, and after at most a second breaks what is still under way. */
  async close(): Promise<void> {
    for (const exchange of this.#longLived) exchange.endGently();
    if (this.#longLived.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onAllLeft = resolve;
        setTimeout(resolve, GENTLE_END_MS);
      });
    }
    const reason = new Error("the deployment was drained");
    this.pool.destroy(reason);
    await this.#streams?.destroy(reason);
  }

  status(): UpstreamStatus {
    const { inFlightCount, longLivedCount, requestCount, serverErrorCount, failureCount } = this.traffic;
    const { answerCounts, durationCounts, durationSumMs } = this.traffic;
    return {
      deploymentId: this.deploymentId,
      inFlightCount,
      longLivedCount,
      requestCount,
      serverErrorCount,
      failureCount,
      answerCounts,
      durations: { boundsMs: DURATION_BOUNDS_MS, counts: durationCounts },
      durationSumMs,
    };
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
    const fresh = new Upstream(target, this.#limits, known?.traffic);
    known?.retire();
    this.#all.set(target.deploymentId, fresh);
    this.#forgetOld(fresh);
    return fresh;
  }

  /** Ends what is still under way there and forgets the deployment. Idempotent. */
  async close(deploymentId: string): Promise<void> {
    const known = this.#all.get(deploymentId);
    this.#all.delete(deploymentId);
    await known?.close();
  }

  statuses(): UpstreamStatus[] {
    return [...this.#all.values()].map((upstream) => upstream.status());
  }

  /** Controllers close what they drained; one that died did not. */
  #forgetOld(current: Upstream): void {
    for (const upstream of this.#all.values()) {
      if (this.#all.size <= REMEMBERED_COUNT) return;
      if (upstream !== current && upstream.traffic.inFlightCount === 0) void this.close(upstream.deploymentId);
    }
  }
}

function addressOf(target: RouteUpstream): string {
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return `http://${host}:${target.port}`;
}
