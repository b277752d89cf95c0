import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export { freePort } from "../../../greenlight/src/keeper/free-port.ts";

/** The repository. */
export const ROOT = join(import.meta.dirname, "../../..");
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
  readonly #children: ChildProcess[] = [];

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

  /** Starts a command; what is left of it ends with the sandbox. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return this.startProgram(process.execPath, [GREENLIGHT, ...args], {
      env: { ...process.env, USER: "kim", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Starts another program in the folder, unless `options` says where; it ends with the sandbox, too. */
  startProgram(file: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn(file, args, { cwd: this.folder, ...options });
    this.#children.push(child);
    return child;
  }

  /** Everything as one commit on main; its id. */
  commit(message = "all"): string {
    if (!existsSync(join(this.folder, ".git"))) this.#git("init", "--quiet", "--initial-branch", "main");
    this.#git("add", "--all");
    this.#git("commit", "--quiet", "--message", message, "--allow-empty");
    return this.#git("rev-parse", "HEAD");
  }

  /** Runs a command to its end. */
  async greenlight(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return ended(this.start(args, env));
  }

  /** Runs a command as somebody. */
  async as(who: string, args: readonly string[]): Promise<Ended> {
    return this.greenlight(args, { GITHUB_ACTOR: who });
  }

  /** Runs a command; its exit status and the code that it tells first, with a space between. */
  async codeOf(...args: readonly string[]): Promise<string> {
    const { status, stderr } = await this.greenlight(args);
    return `${status} ${stderr.split(":")[0]}`;
  }

  /** What a command answers with `--json`; throws where that is none. */
  async json(...args: readonly string[]): Promise<unknown> {
    return JSON.parse((await this.greenlight([...args, "--json"])).stdout);
  }

  /** Ends the environments, and before them what could still deploy to one. */
  async down(): Promise<void> {
    await this.endStarted();
    await this.greenlight(["down"]);
  }

  async dispose(): Promise<void> {
    await this.endStarted();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Kills what was started and is still there. */
  async endStarted(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }

  #git(...args: readonly string[]): string {
    const identity = ["-c", "user.name=kim", "-c", "user.email=kim@example.com", "-c", "commit.gpgsign=false"];
    return execFileSync("git", [...identity, ...args], { cwd: this.folder, encoding: "utf8" }).trim();
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
