import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import type { FastifyInstance } from "fastify";

import type { ServiceState } from "./service-state.ts";

export interface DrainLimits {
  /** How long open connections may keep coming back before the idle ones are closed. */
  readonly lingerMs: number;
  /** How long requests in flight may take, from the first signal on. */
  readonly deadlineMs: number;
}

const POLL_MS = 10;

/**
 * Ends the service without dropping a request: /ready answers 503 and every answer says `connection: close`; once the
 * connections are gone, or after the linger, no new one is accepted, and requests in flight are finished. Gives the number
 * of connections that had to be cut at the deadline: 0 when all went well.
 */
export async function drain(app: FastifyInstance, state: ServiceState, limits: DrainLimits): Promise<number> {
  const deadlineMs = performance.now() + limits.deadlineMs;
  state.isDraining = true;
  await waitForNoConnections(app, limits.lingerMs);
  return closeBefore(app, deadlineMs);
}

async function waitForNoConnections(app: FastifyInstance, lingerMs: number): Promise<void> {
  const endMs = performance.now() + lingerMs;
  while (performance.now() < endMs && (await countConnections(app)) > 0) await delay(POLL_MS);
}

async function closeBefore(app: FastifyInstance, deadlineMs: number): Promise<number> {
  let cutting: Promise<number> | null = null;
  const timer = setTimeout(() => (cutting = cutConnections(app)), Math.max(0, deadlineMs - performance.now()));
  await app.close();
  clearTimeout(timer);
  return (await cutting) ?? 0;
}

async function cutConnections(app: FastifyInstance): Promise<number> {
  const count = await countConnections(app);
  app.server.closeAllConnections();
  return count;
}

function countConnections(app: FastifyInstance): Promise<number> {
  return promisify(app.server.getConnections.bind(app.server))();
}
