import { checkTls, type TlsOptions } from "./tls-options.ts";

export type { TlsOptions } from "./tls-options.ts";

/** Options of the `processes` target; times in milliseconds. */
export interface ProcessesOptions {
  /** Where users reach the environment. */
  readonly port: number;
  /** The address to listen on; `0.0.0.0` opens it to the network. */
  readonly host: string;
  /** How long production is watched after a switch before the old release goes. */
  readonly bakeMs: number;
  /** How long requests at the old release may take before they are cut off. */
  readonly drainMs: number;
  /** How long a new release may take until it is ready. */
  readonly startTimeoutMs: number;
  /** How long a service may take to end after TERM before it is killed. */
  readonly stopGraceMs: number;
  /**
   * How long the release that was live before is kept running beside the new one, so that a rollback is one switch. It costs the
   * memory of one more service meanwhile; 0: none, and a rollback starts it anew.
   */
  readonly warmMs: number;
  /**
   * `beside`: a new release runs beside the old one until it has proven itself. `hold`, for releases of which the memory holds only one:
   * the old one is stopped first, and requests wait in the router until the new one serves.
   */
  readonly swap: "beside" | "hold";
  /** How long requests wait for that at most; afterwards they get 503. */
  readonly holdMs: number;
  /**
   * What the service and all that it started may use together, e.g. "512mb" (1024² bytes); above it, the service is started
   * anew. Null: there is no limit.
   */
  readonly memoryLimit: string | null;
  /** Null: plain HTTP. */
  readonly tls: TlsOptions | null;
  /** A port at which the router's metrics are told without a token, for Prometheus; null: none. */
  readonly metricsPort: number | null;
  /** The address that `metricsPort` listens on. Whoever reaches it can read how much traffic there is. */
  readonly metricsHost: string;
}

export const DEFAULT_OPTIONS: Omit<ProcessesOptions, "port"> = {
  host: "127.0.0.1",
  bakeMs: 2000,
  drainMs: 30_000,
  startTimeoutMs: 30_000,
  stopGraceMs: 5000,
  warmMs: 3_600_000,
  swap: "beside",
  holdMs: 60_000,
  memoryLimit: null,
  tls: null,
  metricsPort: null,
  metricsHost: "127.0.0.1",
};

const DAY_MS = 86_400_000;
const BOUNDS: Readonly<
  Record<
    Exclude<keyof ProcessesOptions, "host" | "swap" | "memoryLimit" | "tls" | "metricsPort" | "metricsHost">,
    readonly [number, number]
  >
> = {
  port: [1, 65_535],
  // Shorter than this, too few probes fit in to tell anything.
  bakeMs: [200, DAY_MS],
  drainMs: [0, DAY_MS],
  startTimeoutMs: [100, DAY_MS],
  stopGraceMs: [0, 60_000],
  warmMs: [0, 30 * DAY_MS],
  holdMs: [1000, 600_000],
};

/** What is wrong with `options`, one clause each; empty when they are whole and within their bounds. */
export function checkOptions(options: { readonly [name: string]: unknown }): readonly string[] {
  const wrong: string[] = [];
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    const value = options[name];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > most) {
      wrong.push(`${name} must be a whole number from ${least} to ${most}`);
    }
  }
  const { host, metricsPort = null, metricsHost = DEFAULT_OPTIONS.metricsHost } = options;
  for (const [name, value] of Object.entries({ host, metricsHost })) {
    if (typeof value !== "string" || !/^[A-Za-z0-9.:-]{1,253}$/.test(value)) {
      wrong.push(`${name} must be an address or a host name`);
    }
  }
  const isPort = Number.isSafeInteger(metricsPort) && Number(metricsPort) > 0 && Number(metricsPort) < 65_536;
  if (metricsPort !== null && (!isPort || metricsPort === options["port"])) {
    wrong.push("metricsPort must be another port from 1 to 65535");
  }
  const { memoryLimit = null, swap } = options;
  if (swap !== "beside" && swap !== "hold") wrong.push('swap must be "beside" or "hold"');
  if (memoryLimit !== null && memoryLimitBytes(memoryLimit) === null) {
    wrong.push('memoryLimit must be a size like "512mb" or "2gb", from 1mb');
  }
  wrong.push(...checkTls(options["tls"] ?? null, options["port"]));
  const known = new Set([...Object.keys(BOUNDS), "host", "swap", "memoryLimit", "tls", "metricsPort", "metricsHost"]);
  for (const name of Object.keys(options)) if (!known.has(name)) wrong.push(`there is no option ${name}`);
  return wrong;
}

const UNIT_BYTES: Readonly<Record<string, number>> = { mb: 1024 ** 2, gb: 1024 ** 3 };

/** `mb` and `mib` mean the same, as they do to Docker. Null when it is no size, or none that a service could live in. */
export function memoryLimitBytes(text: unknown): number | null {
  const [, amount, unit] = /^(\d{1,6}(?:\.\d{1,3})?) ?([mg])i?b$/i.exec(String(text)) ?? [];
  const bytes = Math.floor(Number(amount) * (UNIT_BYTES[`${unit?.toLowerCase()}b`] ?? Number.NaN));
  return bytes >= 1024 ** 2 ? bytes : null;
}
