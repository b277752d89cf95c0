import { join } from "node:path";

import { environmentFolder, type EnvironmentFolder } from "../../../keeper/environment-folder.ts";
import type { ProcessesOptions } from "./options.ts";

/** Where one environment lives on this machine. */
export interface Place {
  readonly name: string;
  readonly paths: EnvironmentFolder;
  readonly options: ProcessesOptions;
}

export function placeOf(name: string, folder: string, options: ProcessesOptions): Place {
  return { name, paths: environmentFolder(folder), options };
}

export function releaseFolder({ paths }: Place, digest: string): string {
  return join(paths.releases, digest);
}

/** Where requests are sent to from this machine: an address that means "all" is reached over loopback. */
export function reachableHost({ options }: Place): string {
  if (options.host === "0.0.0.0") return "127.0.0.1";
  return options.host === "::" ? "::1" : options.host;
}

export function urlOf(place: Place): string {
  const host = reachableHost(place);
  return `http://${host.includes(":") ? `[${host}]` : host}:${place.options.port}`;
}
