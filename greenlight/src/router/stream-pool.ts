import { createRequire } from "node:module";
import type { Socket } from "node:net";

import type { buildConnector as BuildConnector, Pool } from "undici";

import { readToTheEnd } from "./patient-socket.ts";

const require = createRequire(import.meta.url);

export interface StreamPoolOptions {
  /** Origin of the service. */
  readonly address: string;
  readonly connectionLimit: number;
  readonly connectTimeoutMs: number;
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly idleMs: number;
}

/**
 * undici's connections, for bodies that are passed on while they come in and for upgrades. Its index loads everything it has (fetch,
 * caches, mocks: 150 ms on two slow cores), its pool alone 45 ms: a router that starts again answers without it.
 */
export function makeStreamPool(options: StreamPoolOptions): Pool {
  const UpstreamPool = require("undici/lib/dispatcher/pool.js") as typeof Pool;
  return new UpstreamPool(options.address, {
    connections: options.connectionLimit,
    pipelining: 1,
    keepAliveTimeout: options.idleMs,
    keepAliveMaxTimeout: options.idleMs,
    connect: patientConnector(options.connectTimeoutMs),
    headersTimeout: options.headTimeoutMs,
    bodyTimeout: options.bodyTimeoutMs,
  });
}

function patientConnector(timeoutMs: number): BuildConnector.connector {
  const buildConnector = require("undici/lib/core/connect.js") as typeof BuildConnector;
  const connect = buildConnector({ timeout: timeoutMs });
  return (options, callback) => {
    connect(options, (...answer) => {
      if (answer[0] === null) readToTheEnd(answer[1] as Socket);
      callback(...answer);
    });
  };
}
