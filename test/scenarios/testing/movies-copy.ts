import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ended, freePort, type Ended } from "./sandbox.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** The real movies service in a folder of its own, as a fresh clone would hold it, on ports of its own. */
export class MoviesCopy {
  readonly #scratch: string;
  readonly folder: string;
  readonly productionPort: number;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(scratch: string, ports: { readonly production: number; readonly staging: number }) {
    this.#scratch = scratch;
    this.folder = join(scratch, "movies");
    this.productionPort = ports.production;
    this.#env = { PRODUCTION_PORT: String(ports.production), STAGING_PORT: String(ports.staging), USER: "kim" };
  }

  static async create(): Promise<MoviesCopy> {
    const scratch = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-movies-")));
    const listed = execFileSync("git", ["ls-files", "movies", "package.json", "package-lock.json", ".gitignore"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    for (const file of listed.trim().split("\n")) {
      mkdirSync(dirname(join(scratch, file)), { recursive: true });
      cpSync(join(ROOT, file), join(scratch, file));
    }
    symlinkSync(join(ROOT, "node_modules"), join(scratch, "node_modules"));
    return new MoviesCopy(scratch, { production: await freePort(), staging: await freePort() });
  }

  async greenlight(...args: readonly string[]): Promise<Ended> {
    return ended(this.start(args));
  }

  start(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [join(ROOT, "greenlight/bin/greenlight.mjs"), ...args], {
      cwd: this.folder,
      env: { ...process.env, ...this.#env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  append(path: string, text: string): void {
    appendFileSync(join(this.folder, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  async dispose(): Promise<void> {
    await this.greenlight("down");
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
