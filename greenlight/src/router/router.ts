import { writeWhole } from "../base/durable-file.ts";
import type { Problem } from "../base/problem.ts";
import { ownIdentity } from "../base/process-identity.ts";
import { ok, type Result } from "../base/result.ts";
import { serveControl } from "../keeper/control-server.ts";
import { environmentFolder } from "../keeper/environment-folder.ts";
import { administer } from "./admin.ts";
import { ClientPace } from "./client-pace.ts";
import type { Exchanges } from "./exchanges.ts";
import { Hold } from "./hold.ts";
import { openMetricsPort } from "./metrics-port.ts";
import { metricsText } from "./metrics-text.ts";
import { openPublicPorts, type PublicPortsOptions } from "./public-ports.ts";
import { openRecorder } from "./recording/open-recorder.ts";
import { openRouteStore } from "./route-store.ts";
import { Upstreams, type Upstream } from "./upstream.ts";
import { WaitingRoom } from "./waiting-room.ts";
import type { MetricsAddress, Route, RouterRecord, RouterStatus, RouteUpstream } from "./wire.ts";

export interface RouterOptions extends PublicPortsOptions {
  /** The environment's folder. */
  readonly folder: string;
  /** Left out or null: no port for metrics alone. */
  readonly metrics?: MetricsAddress | null;
  readonly limits?: Partial<RouterLimits>;
}

export interface RouterLimits {
  /** Longest time that a request waits for a service that is away, when nobody asked for a hold. */
  readonly holdMs: number;
  /** Longest hold. */
  readonly longestHoldMs: number;
  readonly waitingLimit: number;
  readonly waitingLimitBytes: number;
  readonly bodyLimitBytes: number;
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** Longest time that a client may take for the head of a request. */
  readonly clientHeadTimeoutMs: number;
  readonly uploadWindowMs: number;
  readonly uploadBytesPerSecond: number;
  readonly readStallMs: number;
  /** How often the certificate's files are looked at. */
  readonly tlsLookMs: number;
}

export interface Router {
  readonly record: RouterRecord;
  /** Stops accepting, waits for what is under way at most `drainMs`, then cuts it off. */
  close(drainMs: number): Promise<void>;
}

export const ROUTER_LIMITS: RouterLimits = {
  holdMs: 3000,
  longestHoldMs: 600_000,
  waitingLimit: 1000,
  waitingLimitBytes: 64 * 1024 * 1024,
  bodyLimitBytes: 64 * 1024 * 1024,
  headTimeoutMs: 60_000,
  bodyTimeoutMs: 300_000,
  clientHeadTimeoutMs: 15_000,
  uploadWindowMs: 20_000,
  uploadBytesPerSecond: 500,
  readStallMs: 60_000,
  tlsLookMs: 1000,
};
const OPEN_POLL_MS = 10;
/** Who sends one request after the other gets the next answer, and with it the word that the connection closes. */
const LAST_REQUEST_MS = 100;
const RECORD_RETRY_MS = 1000;

/**
 * Starts to serve. PORT_TAKEN when somebody listens there, STORE_UNREADABLE when the last route can't be read, TLS_INVALID
 * when there is no certificate to begin with.
 */
export async function startRouter(options: RouterOptions): Promise<Result<Router, Problem>> {
  const limits = { ...ROUTER_LIMITS, ...options.limits };
  const paths = environmentFolder(options.folder);
  const room = new WaitingRoom(limits.waitingLimit, limits.waitingLimitBytes);
  const upstreams = new Upstreams(limits);
  const hold = new Hold(limits.longestHoldMs, () => {
    options.log("hold: over, as its time is up");
    room.wakeAll();
  });
  const opened = await openRouteStore(paths.route, (route) => {
    options.log(describeRoute(route));
    hold.follow(route);
    room.wakeAll();
  });
  if (!opened.ok) return opened;
  const routes = opened.value;
  hold.follow(routes.current());
  // Asked for each request, answered anew only when the route has changed.
  let selected: { readonly target: RouteUpstream; readonly upstream: Upstream } | null = null;
  const recorder = await openRecorder(options.folder, options.log);
  const refusals: Record<string, number> = {};
  const pace = new ClientPace(limits);
  const shared: Exchanges = {
    room,
    recorder,
    pace,
    holdMs: limits.holdMs,
    bodyLimitBytes: limits.bodyLimitBytes,
    openCount: 0,
    isClosing: false,
    select: () => {
      const target = routes.current().upstream;
      if (target === null || hold.isOn) return null;
      if (target !== selected?.target) selected = { target, upstream: upstreams.select(target) };
      return selected.upstream;
    },
    heldUntil: () => hold.until,
    refused: (status) => {
      refusals[status] = (refusals[status] ?? 0) + 1;
    },
  };
  const publicPorts = await openPublicPorts(shared, limits, { ...options, paths });
  if (!publicPorts.ok) return publicPorts;
  const { port, tlsStatus, stopAccepting, closeIdle, closeAll } = publicPorts.value;
  const { host, tls = null, metrics = null } = options;

  const identity = ownIdentity();
  const status = (): RouterStatus => {
    const certificate = tlsStatus();
    return {
      ...identity,
      host,
      port,
      tls: tls === null || certificate === null ? null : { ...tls, ...certificate },
      metrics,
      route: routes.current(),
      isEnding: shared.isClosing,
      waitingCount: room.count,
      waitingBytes: room.heldBytes,
      refusals,
      upstreams: upstreams.statuses(),
    };
  };
  const admin = await serveControl(
    (request) => administer({ routes, upstreams, recorder, status, log: options.log }, request),
    (error) => options.log(`admin: ${String(error)}`),
  );
  const metricsPort = metrics === null ? null : openMetricsPort(metrics, () => metricsText(status()), options.log);
  const record: RouterRecord = {
    schema: 1,
    ...identity,
    host,
    port,
    adminPort: admin.port,
    token: admin.token,
    ...(tls === null ? {} : { tls }),
    ...(metrics === null ? {} : { metrics }),
  };
  const writeRecord = (): Promise<void> => writeWhole(paths.routerRecord, JSON.stringify(record));
  await writeRecord().catch((error: unknown) => {
    // Without it no controller finds the router, yet requests do.
    options.log(`the router's record: ${String(error)}`);
    const again = setInterval(
      () =>
        void writeRecord().then(
          () => clearInterval(again),
          () => {},
        ),
      RECORD_RETRY_MS,
    );
    again.unref();
  });
  options.log(`listening on ${host}:${port}${tls === null ? "" : " with TLS"}`);

  return ok({
    record,
    close: async (drainMs) => {
      shared.isClosing = true;
      stopAccepting();
      const startedAt = performance.now();
      const deadline = startedAt + drainMs;
      const idleUntil = Math.min(deadline, startedAt + LAST_REQUEST_MS);
      // Until the last byte is with its client, not only in the router.
      while ((shared.openCount > 0 || performance.now() < idleUntil) && performance.now() < deadline) {
        await pause(OPEN_POLL_MS);
        if (performance.now() >= idleUntil) closeIdle();
      }
      await Promise.all(upstreams.statuses().map((each) => upstreams.close(each.deploymentId)));
      closeAll();
      pace.stop();
      hold.stop();
      admin.close();
      metricsPort?.close();
      await recorder.flush();
    },
  });
}

function describeRoute({ upstream, epoch, holdUntilMs }: Route): string {
  const held = holdUntilMs === undefined ? "" : `, held until ${new Date(holdUntilMs).toISOString()}`;
  if (upstream === null) return `route: none${held}`;
  return `route: ${upstream.deploymentId} (${upstream.releaseId}), epoch ${epoch}${held}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
