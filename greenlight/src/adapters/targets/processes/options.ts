import { isAbsolute } from "node:path";

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
   * What the service and all that it started may use together, e.g. "512mb" (1024² bytes); above it, the service is started
   * anew. Null: there is no limit.
   */
  readonly memoryLimit: string | null;
  /** Null: plain HTTP. */
  readonly tls: TlsOptions | null;
}

/** Files in PEM, by absolute paths. The router reads them again when they have changed; nothing is cut off by that. */
export type TlsOptions = {
  /** The certificate, followed by its chain. */
  readonly cert: string;
  readonly key: string;
  /** A port that sends plain HTTP to `port`; left out or null: none. */
  readonly redirectPort?: number | null;
  /** The name that users call, as it stands in the certificate; left out or null: the environment's address is shown. */
  readonly name?: string | null;
};

export const DEFAULT_OPTIONS: Omit<ProcessesOptions, "port"> = {
  host: "127.0.0.1",
  bakeMs: 2000,
  drainMs: 30_000,
  startTimeoutMs: 30_000,
  stopGraceMs: 5000,
  warmMs: 3_600_000,
  memoryLimit: null,
  tls: null,
};

const DAY_MS = 86_400_000;
const BOUNDS: Readonly<
  Record<Exclude<keyof ProcessesOptions, "host" | "memoryLimit" | "tls">, readonly [number, number]>
> = {
  port: [1, 65_535],
  // Shorter than this, too few probes fit in to tell anything.
  bakeMs: [200, DAY_MS],
  drainMs: [0, DAY_MS],
  startTimeoutMs: [100, DAY_MS],
  stopGraceMs: [0, 60_000],
  warmMs: [0, 30 * DAY_MS],
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
  const { host } = options;
  if (typeof host !== "string" || !/^[A-Za-z0-9.:-]{1,253}$/.test(host)) {
    wrong.push("host must be an address or a host name");
  }
  const { memoryLimit = null } = options;
  if (memoryLimit !== null && memoryLimitBytes(memoryLimit) === null) {
    wrong.push('memoryLimit must be a size like "512mb" or "2gb", from 1mb');
  }
  wrong.push(...checkTls(options["tls"] ?? null, options["port"]));
  const known = new Set([...Object.keys(BOUNDS), "host", "memoryLimit", "tls"]);
  for (const name of Object.keys(options)) if (!known.has(name)) wrong.push(`there is no option ${name}`);
  return wrong;
}

function checkTls(tls: unknown, port: unknown): readonly string[] {
  if (tls === null) return [];
  if (typeof tls !== "object") return ["tls must name a cert and a key"];
  const wrong: string[] = [];
  const { cert, key, redirectPort = null, name = null, ...others } = tls as Readonly<Record<string, unknown>>;
  for (const [field, path] of Object.entries({ cert, key })) {
    if (typeof path !== "string" || !isAbsolute(path)) wrong.push(`tls.${field} must be the absolute path of a file`);
  }
  const isPort = Number.isSafeInteger(redirectPort) && Number(redirectPort) > 0 && Number(redirectPort) < 65_536;
  if (redirectPort !== null && (!isPort || redirectPort === port)) {
    wrong.push("tls.redirectPort must be another port from 1 to 65535");
  }
  if (name !== null && (typeof name !== "string" || !/^[A-Za-z0-9.-]{1,253}$/.test(name))) {
    wrong.push("tls.name must be a host name");
  }
  for (const field of Object.keys(others)) wrong.push(`there is no option tls.${field}`);
  return wrong;
}

const UNIT_BYTES: Readonly<Record<string, number>> = { mb: 1024 ** 2, gb: 1024 ** 3 };

/** `mb` and `mib` mean the same, as they do to Docker. Null when it is no size, or none that a service could live in. */
export function memoryLimitBytes(text: unknown): number | null {
  const [, amount, unit] = /^(\d{1,6}(?:\.\d{1,3})?) ?([mg])i?b$/i.exec(String(text)) ?? [];
  const bytes = Math.floor(Number(amount) * (UNIT_BYTES[`${unit?.toLowerCase()}b`] ?? Number.NaN));
  return bytes >= 1024 ** 2 ? bytes : null;
}
