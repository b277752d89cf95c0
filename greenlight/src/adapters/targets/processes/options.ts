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
}

export const DEFAULT_OPTIONS: Omit<ProcessesOptions, "port"> = {
  host: "127.0.0.1",
  bakeMs: 2000,
  drainMs: 30_000,
  startTimeoutMs: 30_000,
  stopGraceMs: 5000,
  warmMs: 3_600_000,
};

const DAY_MS = 86_400_000;
const BOUNDS: Readonly<Record<Exclude<keyof ProcessesOptions, "host">, readonly [number, number]>> = {
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
  const known = new Set([...Object.keys(BOUNDS), "host"]);
  for (const name of Object.keys(options)) if (!known.has(name)) wrong.push(`there is no option ${name}`);
  return wrong;
}
