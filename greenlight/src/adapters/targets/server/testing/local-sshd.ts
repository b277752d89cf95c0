import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect as dial } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { digestFile } from "../../../../base/file-digest.ts";
import type { Target } from "../../../../deployment/target.ts";
import { freePort } from "../../../../keeper/free-port.ts";
import { waitUntil } from "../../../../keeper/testing/wait-until.ts";
import { server, type ProcessesOptions } from "../../index.ts";
import { runtimeFor } from "../agent-bundle.ts";
import { connect } from "../index.ts";
import type { ServerOptions } from "../options.ts";

/** The server's program; null when there is none. */
export const SSHD_PROGRAM: string | null =
  ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find((path) => existsSync(path)) ?? null;

/** What tests append to their names, so that a skipped one says why. */
export const WITHOUT_SSHD: string = SSHD_PROGRAM === null ? " (skipped: no sshd)" : "";

/** A real sshd on a free port of the loopback, with keys of its own, that lets the caller in. `stop` ends it and removes all. */
export class LocalSshd {
  readonly folder: string;
  readonly port: number;
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  static async start(): Promise<LocalSshd> {
    const rig = new LocalSshd(mkdtempSync(join(tmpdir(), "greenlight-sshd-")), await freePort());
    for (const name of ["host", "user"]) rig.makeKey(name);
    mkdirSync(join(rig.folder, "home"));
    writeFileSync(join(rig.folder, "authorized_keys"), readFileSync(join(rig.folder, "user.pub")));
    rig.trust();
    rig.#configure();
    await rig.up();
    return rig;
  }

  /** Makes a key, or another one in its place. */
  makeKey(name: string): void {
    const path = join(this.folder, name);
    for (const each of [path, `${path}.pub`]) rmSync(each, { force: true });
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path]);
  }

  /** Writes the host key that there is into `known_hosts`. */
  trust(port = this.port): void {
    const key = readFileSync(join(this.folder, "host.pub"), "utf8");
    writeFileSync(join(this.folder, "known_hosts"), `[127.0.0.1]:${port} ${key}`);
  }

  /** Puts Node on the server, so that a test which is about something else needs not send it. */
  async lendRuntime(folder = this.options.folder): Promise<void> {
    const runtime = runtimeFor(`${process.platform}-${process.arch}`) ?? "";
    const runtimes = join(folder, "runtimes");
    mkdirSync(runtimes, { recursive: true });
    copyFileSync(runtime, join(runtimes, await digestFile(runtime)), constants.COPYFILE_FICLONE);
  }

  get address(): string {
    return `${userInfo().username}@127.0.0.1`;
  }

  /** How it is reached. */
  get options(): Omit<ServerOptions, "address" | "url" | "hostKeys" | "reconnectMs"> {
    return {
      sshPort: this.port,
      identityFile: join(this.folder, "user"),
      knownHosts: join(this.folder, "known_hosts"),
      folder: join(this.folder, "home", "greenlight"),
      compression: false,
    };
  }

  async up(): Promise<void> {
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
    const child = spawn(SSHD_PROGRAM ?? "sshd", ["-D", "-e", "-f", join(this.folder, "sshd_config")], {
      stdio: "ignore",
    });
    this.#process = child;
    await waitUntil("sshd listens", () => answers(this.port));
  }

  /** Ends the server alone; connections that stand go on, as with a real one. */
  async down(): Promise<void> {
    const running = this.#process;
    this.#process = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGKILL");
    await gone;
  }

  /** kill -9 of the server's side of all connections; answers how many there were. */
  cut(): number {
    const served = childrenOf(this.#process?.pid ?? -1);
    for (const pid of served) {
      for (const each of [...childrenOf(pid), pid]) kill(each);
    }
    return served.length;
  }

  async stop(): Promise<void> {
    this.cut();
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #configure(): void {
    const lines = [
      `Port ${this.port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(this.folder, "host")}`,
      `AuthorizedKeysFile ${join(this.folder, "authorized_keys")}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin yes",
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
      "MaxStartups 100",
      `SetEnv HOME=${join(this.folder, "home")}`,
    ];
    writeFileSync(join(this.folder, "sshd_config"), `${lines.join("\n")}\n`);
  }
}

/** A client of an environment on that server. */
export function reach(
  sshd: LocalSshd,
  change: Partial<ServerOptions & ProcessesOptions> = {},
  name = "staging",
): Target {
  const { address = sshd.address, ...own } = change;
  const times = { bakeMs: 300, drainMs: 3000, stopGraceMs: 2000 };
  const { options } = server(address, { ...sshd.options, host: "127.0.0.1", ...times, ...own });
  return connect({ name, folder: "/nowhere", options, configuration: {} });
}

function answers(port: number): Promise<true | null> {
  return new Promise((resolve) => {
    const socket = dial({ host: "127.0.0.1", port });
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(null));
  });
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended just now.
  }
}
