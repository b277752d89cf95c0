import { isProcessIdentity, type ProcessIdentity } from "../base/process-identity.ts";

/** What goes over the router's admin port and into its files. */

/** Where new requests go. `epoch` is the fencing epoch of the controller that set it. */
export interface Route {
  readonly schema: 1;
  readonly epoch: number;
  /** Null: nothing is live, and that on purpose; requests wait a moment, then get 503. */
  readonly upstream: RouteUpstream | null;
  /** Set: until this time (milliseconds since the epoch) requests wait in the router instead of going to `upstream`. */
  readonly holdUntilMs?: number;
}

export interface RouteUpstream {
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly digest: string;
  readonly slot: "blue" | "green";
  readonly host: string;
  readonly port: number;
}

/** Compare and swap: `next` becomes the route only while the route is still the `expected` one. */
export interface RouteSwap {
  readonly expected: { readonly deploymentId: string | null; readonly epoch: number };
  readonly next: Route;
}

export interface RouterRecord extends ProcessIdentity {
  readonly schema: 1;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly token: string;
  /** Left out: it speaks plain HTTP. */
  readonly tls?: RouterTls;
  /** Left out: none is asked for. */
  readonly metrics?: MetricsAddress;
}

/** Where a router finds what it needs to speak TLS. Absolute paths of files in PEM. */
export interface RouterTls {
  /** The certificate, followed by its chain. */
  readonly cert: string;
  readonly key: string;
  /** A port that sends plain HTTP to the other one; left out or null: none. */
  readonly redirectPort?: number | null;
  /** Set: the keeper has the files made by a certificate authority, which asks the redirecting port; there may be none yet. */
  readonly acme?: AcmeSettings | null;
}

/** For whom a certificate is got, and where (RFC 8555). */
export interface AcmeSettings {
  /** Host names; the first one names the certificate. */
  readonly domains: readonly string[];
  /** To whom the authority writes. */
  readonly email: string;
  /** The URL of the authority's directory. */
  readonly directory: string;
  /** A file in PEM with the root that vouches for the directory's own TLS; null: a public one does. */
  readonly directoryCa: string | null;
}

/** Where the router's metrics are told without a token. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a router listens, and how. */
export interface RouterAddress {
  readonly host: string;
  readonly port: number;
  /** Left out or null: plain HTTP. */
  readonly tls?: RouterTls | null;
  /** Left out or null: only at the admin port, with its token. */
  readonly metrics?: MetricsAddress | null;
}

export interface TlsStatus {
  /** ISO 8601; of the certificate in use. Null: there is none yet. */
  readonly validTo: string | null;
  /** Why a newer one on disk is not in use; null: there is none. */
  readonly fault: string | null;
}

export interface RouterStatus {
  readonly pid: number;
  readonly startTime: string;
  /** It was told to end, and takes no more connections. */
  readonly isEnding?: boolean;
  readonly host: string;
  readonly port: number;
  readonly route: Route;
  /** Null: it speaks plain HTTP. */
  readonly tls: (RouterTls & TlsStatus) | null;
  /** Null: only at the admin port. */
  readonly metrics: MetricsAddress | null;
  /** Requests that wait for a route, for a hold to end, or for an upstream that refuses connections. */
  readonly waitingCount: number;
  /** What their bodies take of the memory. */
  readonly waitingBytes: number;
  /** Requests that the router refused by itself, by status. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly upstreams: readonly UpstreamStatus[];
}

/** Counters since this router started. */
export interface UpstreamStatus {
  readonly deploymentId: string;
  /** Requests that have not ended there yet, tunnels and event streams among them. */
  readonly inFlightCount: number;
  /** Of these, upgraded connections (WebSockets) and event streams: they end when they are drained. */
  readonly longLivedCount: number;
  /** Requests answered by the deployment, or failed at it. */
  readonly requestCount: number;
  /** Answers with a status of 500 or more that the deployment itself gave. */
  readonly serverErrorCount: number;
  /** Requests that the router had to answer with 502 or 504 in its place, or cut off. */
  readonly failureCount: number;
  /** Its answers by the first digit of their status. */
  readonly answerCounts: readonly number[];
  /** Its answers by the time to their head: `counts[i]` took at most `boundsMs[i]`; one more count for what took longer. */
  readonly durations: { readonly boundsMs: readonly number[]; readonly counts: readonly number[] };
  readonly durationSumMs: number;
}

export const NO_ROUTE: Route = { schema: 1, epoch: 0, upstream: null };

/** Null when `value` is not a route of this version. */
export function parseRoute(value: unknown): Route | null {
  if (!isRecord(value) || value["schema"] !== 1 || !Number.isSafeInteger(value["epoch"])) return null;
  const { upstream, holdUntilMs } = value;
  if (holdUntilMs !== undefined && !Number.isSafeInteger(holdUntilMs)) return null;
  if (upstream === null) return value as unknown as Route;
  if (!isRecord(upstream) || !isPort(upstream["port"])) return null;
  const texts = ["deploymentId", "releaseId", "digest", "host"];
  if (!texts.every((name) => typeof upstream[name] === "string" && upstream[name] !== "")) return null;
  return upstream["slot"] === "blue" || upstream["slot"] === "green" ? (value as unknown as Route) : null;
}

/** Null when `value` is not a whole swap. */
export function parseRouteSwap(value: unknown): RouteSwap | null {
  if (!isRecord(value) || !isRecord(value["expected"]) || parseRoute(value["next"]) === null) return null;
  const { deploymentId, epoch } = value["expected"];
  if (deploymentId !== null && typeof deploymentId !== "string") return null;
  return Number.isSafeInteger(epoch) ? (value as unknown as RouteSwap) : null;
}

/** Null when `value` is not a router record of this version. */
export function parseRouterRecord(value: unknown): RouterRecord | null {
  if (!isProcessIdentity(value)) return null;
  const { schema, host, port, adminPort, token } = value as Partial<Record<keyof RouterRecord, unknown>>;
  const { tls } = value as { readonly tls?: unknown };
  if (tls !== undefined && parseRouterTls(tls) === null) return null;
  const { metrics } = value as { readonly metrics?: unknown };
  if (metrics !== undefined && parseMetricsAddress(metrics) === null) return null;
  const isWhole =
    schema === 1 && typeof host === "string" && isPort(port) && isPort(adminPort) && typeof token === "string";
  return isWhole ? (value as RouterRecord) : null;
}

function parseRouterTls(value: unknown): RouterTls | null {
  if (!isRecord(value) || typeof value["cert"] !== "string" || typeof value["key"] !== "string") return null;
  const { cert, key, redirectPort = null, acme = null } = value;
  if (redirectPort !== null && !isPort(redirectPort)) return null;
  const plain = { cert, key, redirectPort: redirectPort as number | null };
  if (acme === null) return plain;
  return isAcmeSettings(acme) ? { ...plain, acme } : null;
}

function isAcmeSettings(value: unknown): value is AcmeSettings {
  if (!isRecord(value) || typeof value["email"] !== "string" || typeof value["directory"] !== "string") return false;
  const { domains, directoryCa } = value;
  const areNames = Array.isArray(domains) && domains.length > 0 && domains.every((each) => typeof each === "string");
  return areNames && (directoryCa === null || typeof directoryCa === "string");
}

function parseMetricsAddress(value: unknown): MetricsAddress | null {
  if (!isRecord(value) || typeof value["host"] !== "string" || !isPort(value["port"])) return null;
  return { host: value["host"], port: value["port"] as number };
}

/** Null when `value` is not whole. */
export function parseRouterAddress(value: unknown): RouterAddress | null {
  if (!isRecord(value) || typeof value["host"] !== "string" || !isPort(value["port"])) return null;
  const { host, tls = null, metrics = null } = value;
  const port = value["port"] as number;
  const [wholeTls, wholeMetrics] = [parseRouterTls(tls), parseMetricsAddress(metrics)];
  if ((tls !== null && wholeTls === null) || (metrics !== null && wholeMetrics === null)) return null;
  return {
    host,
    port,
    ...(wholeTls === null ? {} : { tls: wholeTls }),
    ...(wholeMetrics === null ? {} : { metrics: wholeMetrics }),
  };
}

/** The same text for two routers that are to do the same. For whom certificates are got is the keeper's business. */
export function routerKey({ host, port, tls = null, metrics = null }: RouterAddress): string {
  const plain = metrics === null ? `${host}:${port}` : `${host}:${port}, metrics at ${metrics.host}:${metrics.port}`;
  return tls === null ? plain : `${plain} with ${tls.cert}, ${tls.key}, redirect from ${tls.redirectPort ?? "nowhere"}`;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
