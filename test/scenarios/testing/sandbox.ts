import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
/** The command line as it is installed. */
export const GREENLIGHT = join(ROOT, "greenlight/bin/greenlight.mjs");

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project in a folder of its own, driven through the built command line as a person would. */
export class Sandbox {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-sandbox-")));

  constructor() {
    mkdirSync(join(this.folder, "node_modules"));
    symlinkSync(join(ROOT, "greenlight"), join(this.folder, "node_modules/greenlight"));
    this.write("package.json", JSON.stringify({ name: "sandbox", type: "module" }));
  }

  write(path: string, text: string): void {
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return spawn(process.execPath, [GREENLIGHT, ...args], {
      cwd: this.folder,
      env: { ...process.env, USER: "kim", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Runs a command to its end. */
  async greenlight(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return ended(this.start(args, env));
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Collects what a process wrote until it has ended. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
  await once(child, "close");
  return { status: child.exitCode, stdout, stderr };
}

/** A port that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
