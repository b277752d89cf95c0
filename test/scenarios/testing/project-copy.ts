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

import { ended, freePort, GREENLIGHT, ROOT, type Ended } from "./sandbox.ts";

/** A project of this repository in a folder of its own, as a fresh clone would hold it, on ports of its own. */
export class ProjectCopy {
  readonly #scratch: string;
  readonly folder: string;
  readonly productionPort: number;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(
    scratch: string,
    path: string,
    ports: { readonly production: number; readonly staging: number },
    env: Readonly<Record<string, string>>,
  ) {
    this.#scratch = scratch;
    this.folder = join(scratch, path);
    this.productionPort = ports.production;
    const own = { PRODUCTION_PORT: String(ports.production), STAGING_PORT: String(ports.staging), USER: "kim" };
    this.#env = { ...own, ...env };
  }

  /** Copies what git knows of the project at `path`; `env` is added to what its commands see. */
  static async of(path: string, env: Readonly<Record<string, string>> = {}): Promise<ProjectCopy> {
    const scratch = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-copy-")));
    const listed = execFileSync("git", ["ls-files", path, "package.json", "package-lock.json", ".gitignore"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    for (const file of listed.trim().split("\n")) {
      mkdirSync(dirname(join(scratch, file)), { recursive: true });
      cpSync(join(ROOT, file), join(scratch, file));
    }
    symlinkSync(join(ROOT, "node_modules"), join(scratch, "node_modules"));
    return new ProjectCopy(scratch, path, { production: await freePort(), staging: await freePort() }, env);
  }

  async greenlight(...args: readonly string[]): Promise<Ended> {
    return ended(this.start(args));
  }

  start(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [GREENLIGHT, ...args], {
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
