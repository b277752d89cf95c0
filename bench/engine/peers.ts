import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { NpmPeers } from "../measure/npm-peers.ts";

/** Where the peers are installed; ignored by git. */
export const PEERS_FOLDER = join(import.meta.dirname, "node_modules");

const peers = new NpmPeers(import.meta.dirname);

/** Installs the peers, exactly as pinned in `package.json`, unless they are here. What fails is left out, and said. */
export function installPeers(): void {
  peers.install();
}

/** The version of a package that is here as pinned; null otherwise. */
export function peerVersion(name: string): string | null {
  return peers.version(name);
}

/** A program that a package's platform part holds, e.g. `turbo` below `@turbo/…`; null when there is none here. */
export function platformProgram(scope: string, path: string): string | null {
  const folder = join(PEERS_FOLDER, scope);
  if (!existsSync(folder)) return null;
  const programs = readdirSync(folder).map((name) => join(folder, name, path));
  return programs.find((program) => existsSync(program)) ?? null;
}
