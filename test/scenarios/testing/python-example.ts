import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ended, freePort, GREENLIGHT, type Ended } from "./sandbox.ts";

const ROOT = join(import.meta.dirname, "../../..");
const EXAMPLE = "examples/ratings-python";

/** The Python example in a folder of its own, as a fresh clone would hold it, on ports of its own. Its tools it installs itself. */
export class PythonExample {
  readonly #scratch: string;
  readonly folder: string;
  readonly productionPort: number;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(
    scratch: string,
    python: string,
    ports: { readonly production: number; readonly staging: number },
  ) {
    this.#scratch = scratch;
    this.folder = join(scratch, EXAMPLE);
    this.productionPort = ports.production;
    this.#env = {
      PYTHON: python,
      PRODUCTION_PORT: String(ports.production),
      STAGING_PORT: String(ports.staging),
      USER: "kim",
    };
  }

  static async create(python: string): Promise<PythonExample> {
    const scratch = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-ratings-")));
    const wanted = [EXAMPLE, "package.json", "package-lock.json", ".gitignore"];
    const listed = execFileSync("git", ["ls-files", ...wanted], { cwd: ROOT, encoding: "utf8" });
    for (const file of listed.trim().split("\n")) {
      mkdirSync(dirname(join(scratch, file)), { recursive: true });
      cpSync(join(ROOT, file), join(scratch, file));
    }
    symlinkSync(join(ROOT, "node_modules"), join(scratch, "node_modules"));
    return new PythonExample(scratch, python, { production: await freePort(), staging: await freePort() });
  }

  async greenlight(...args: readonly string[]): Promise<Ended> {
    return ended(
      spawn(process.execPath, [GREENLIGHT, ...args], {
        cwd: this.folder,
        env: { ...process.env, ...this.#env },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
  }

  append(path: string, text: string): void {
    appendFileSync(join(this.folder, path), text);
  }

  async dispose(): Promise<void> {
    await this.greenlight("down");
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
