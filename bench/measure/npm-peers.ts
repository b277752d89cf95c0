import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The packages that a bench pins in the `package.json` of its own folder; they are installed nowhere else. */
export class NpmPeers {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Installs them, exactly as pinned, unless they are here. What fails is left out, and said. */
  install(): void {
    const pinned = this.#pinnedVersions();
    if (Object.entries(pinned).every(([name, version]) => this.#installedVersion(name) === version)) return;
    console.error(`installing the peers into bench/${basename(this.#folder)}/node_modules (once)`);
    const args = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
    const { error, status } = spawnSync("npm", args, { cwd: this.#folder, stdio: ["ignore", 2, 2] });
    if (status !== 0) console.error(`npm install ended with ${error?.message ?? status}; going on with what is here`);
  }

  /** The version of a package that is here as pinned; null otherwise. */
  version(name: string): string | null {
    const version = this.#installedVersion(name);
    return version !== null && version === this.#pinnedVersions()[name] ? version : null;
  }

  #pinnedVersions(): Readonly<Record<string, string>> {
    const manifest = JSON.parse(readFileSync(join(this.#folder, "package.json"), "utf8")) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    return manifest.devDependencies;
  }

  #installedVersion(name: string): string | null {
    try {
      const text = readFileSync(join(this.#folder, "node_modules", name, "package.json"), "utf8");
      return (JSON.parse(text) as { readonly version: string }).version;
    } catch {
      return null;
    }
  }
}
