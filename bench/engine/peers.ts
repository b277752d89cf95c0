import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HERE = import.meta.dirname;

/** Where the peers are installed; ignored by git. */
export const PEERS_FOLDER = join(HERE, "node_modules");

/** Installs the peers, exactly as pinned in `package.json`, unless they are here. What fails is left out, and said. */
export function installPeers(): void {
  const pinned = pinnedVersions();
  if (Object.entries(pinned).every(([name, version]) => installedVersion(name) === version)) return;
  console.error("installing the peers into bench/engine/node_modules (once)");
  const args = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  const { error, status } = spawnSync("npm", args, { cwd: HERE, stdio: ["ignore", 2, 2] });
  if (status !== 0) console.error(`npm install ended with ${error?.message ?? status}; going on with what is here`);
}

/** The version of a package that is here as pinned; null otherwise. */
export function peerVersion(name: string): string | null {
  const version = installedVersion(name);
  return version !== null && version === pinnedVersions()[name] ? version : null;
}

/** A program that a package's platform part holds, e.g. `turbo` below `@turbo/…`; null when there is none here. */
export function platformProgram(scope: string, path: string): string | null {
  const folder = join(PEERS_FOLDER, scope);
  if (!existsSync(folder)) return null;
  const programs = readdirSync(folder).map((name) => join(folder, name, path));
  return programs.find((program) => existsSync(program)) ?? null;
}

function pinnedVersions(): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(join(HERE, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return manifest.devDependencies;
}

function installedVersion(name: string): string | null {
  try {
    const text = readFileSync(join(PEERS_FOLDER, name, "package.json"), "utf8");
    return (JSON.parse(text) as { readonly version: string }).version;
  } catch {
    return null;
  }
}
