import { join } from "node:path";

import { environmentFolder, type EnvironmentFolder } from "../../../keeper/environment-folder.ts";
import type { RouterAddress, RouterTls } from "../../../router/wire.ts";
import type { ProcessesOptions } from "./options.ts";
import { acmeSettings, CHALLENGE_PORT, isAcme, tlsName } from "./tls-options.ts";

/** Where one environment lives on this machine. */
export interface Place {
  readonly name: string;
  readonly paths: EnvironmentFolder;
  readonly options: ProcessesOptions;
}

export function placeOf(name: string, folder: string, options: ProcessesOptions): Place {
  return { name, paths: environmentFolder(folder), options };
}

/** Where the environment's router is to listen, and how. */
export function routerAddress(place: Place): RouterAddress & { readonly tls: RouterTls | null } {
  const { host, port, metricsPort, metricsHost } = place.options;
  const metrics = metricsPort === null ? null : { host: metricsHost, port: metricsPort };
  return { host, port, tls: routerTls(place), metrics };
}

function routerTls({ options: { tls }, paths }: Place): RouterTls | null {
  if (tls === null) return null;
  if (!isAcme(tls)) return { cert: tls.cert, key: tls.key, redirectPort: tls.redirectPort ?? null };
  const redirectPort = tls.redirectPort ?? CHALLENGE_PORT;
  const [cert, key] = ["cert.pem", "key.pem"].map((file) => join(paths.acme, "current", file));
  return { cert: cert ?? "", key: key ?? "", redirectPort, acme: acmeSettings(tls) };
}

export function releaseFolder({ paths }: Place, digest: string): string {
  return join(paths.releases, digest);
}

/** Where something answers on this machine. */
export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
  readonly isOwnTls?: boolean;
}

/** Where the router answers. */
export function productionAddress(place: Place): ServiceAddress {
  return { host: reachableHost(place), port: place.options.port, isOwnTls: place.options.tls !== null };
}

/** Where requests are sent to from this machine: an address that means "all" is reached over loopback. */
function reachableHost({ options }: Place): string {
  if (options.host === "0.0.0.0") return "127.0.0.1";
  return options.host === "::" ? "::1" : options.host;
}

export function urlOf(place: Place): string {
  const { tls, port } = place.options;
  const host = tlsName(tls) ?? reachableHost(place);
  return `${tls === null ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
