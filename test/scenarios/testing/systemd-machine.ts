import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";

import { waitUntil } from "../../../greenlight/src/keeper/testing/wait-until.ts";
import { ended, type Ended } from "./sandbox.ts";

const CACHE = join(import.meta.dirname, "../../../.cache/systemd-machine");
const SUITE = "bookworm";
const PACKAGES = "systemd,systemd-sysv,libpam-systemd,dbus,openssh-server,libatomic1";
const PROGRAMS = ["mmdebstrap", "systemd-nspawn", "ip", "tar", "ssh", "ssh-keygen"];
/** Debian's mirror may be slow; the root filesystem is made once. */
const BUILD_LIMIT_MS = 600_000;
const BOOT_LIMIT_MS = 120_000;
const COMMAND_LIMIT_MS = 60_000;
/** The first one of Debian's users. */
const USER_ID = 1000;

/** What tests append to their names, so that a skipped one says why; empty where a machine can be made. */
export const WITHOUT_MACHINE: string = ((): string => {
  if (process.platform !== "linux") return " (skipped: no Linux)";
  if (process.getuid?.() !== 0) return " (skipped: only root may make a machine)";
  const missing = PROGRAMS.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
  if (missing.length > 0) return ` (skipped: no ${missing.join(", ")})`;
  const probe = [
    "--mount",
    "--pid",
    "--uts",
    "--ipc",
    "--net",
    "--cgroup",
    "--fork",
    "mount",
    "-t",
    "tmpfs",
    "none",
    "/mnt",
  ];
  return spawnSync("unshare", probe).status === 0 ? "" : " (skipped: namespaces are not allowed here)";
})();

/**
 * A Debian 12 with systemd as its first process and an sshd, in namespaces and control groups of its own, which only this machine
 * reaches. Its users are `root` and `deploy`, who has no rights. It can be rebooted; `stop` removes all of it.
 */
export class SystemdMachine {
  readonly host: string;
  readonly identityFile: string;
  readonly knownHosts: string;
  readonly #folder: string;
  readonly #name: string;
  #process: ChildProcess | null = null;
  #isStopping = false;

  private constructor(folder: string, subnet: string) {
    this.#folder = folder;
    this.#name = `gl-${process.pid}`;
    this.host = `${subnet}.2`;
    this.identityFile = join(folder, "key");
    this.knownHosts = join(folder, "known_hosts");
  }

  static async start(): Promise<SystemdMachine> {
    const archive = await rootFilesystem();
    const subnet = freeSubnet();
    const machine = new SystemdMachine(mkdtempSync(join(tmpdir(), "greenlight-server-")), subnet);
    try {
      machine.#furnish(archive);
      machine.#connect(`${subnet}.1`);
      machine.#boot();
      await machine.#wait(null);
    } catch (error) {
      const console = readFileSync(join(machine.#folder, "console.log"), { encoding: "utf8", flag: "a+" });
      await machine.stop();
      throw new Error(`the machine does not start:\n${console.slice(-3000)}`, { cause: error });
    }
    return machine;
  }

  /** Over ssh, as that user. */
  async run(user: "root" | "deploy", command: string): Promise<Ended> {
    const reach = ["-i", this.identityFile, "-o", `UserKnownHostsFile=${this.knownHosts}`, "-o", "BatchMode=yes"];
    const times = ["-o", "ConnectTimeout=5", "-o", "ServerAliveInterval=5"];
    const child = spawn("ssh", ["-F", "none", ...reach, ...times, `${user}@${this.host}`, command], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: COMMAND_LIMIT_MS,
    });
    return ended(child);
  }

  /** As `run`, for what has to succeed; answers what it wrote. */
  async tell(user: "root" | "deploy", command: string): Promise<string> {
    const { status, stdout, stderr } = await this.run(user, command);
    if (status !== 0) throw new Error(`${command}: status ${status}\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Resolves when the machine is there again, as another boot of it. */
  async reboot(): Promise<void> {
    const before = await this.#bootId();
    // The connection may be cut before the answer.
    await this.run("root", "systemctl reboot");
    await this.#wait(before);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const running = this.#process;
    if (running !== null && running.exitCode === null && running.signalCode === null) {
      const gone = once(running, "exit");
      running.kill("SIGKILL");
      await gone;
    }
    await waitUntil("control groups without processes", () => (this.#emptyGroups() ? true : null), 20_000);
    spawnSync("ip", ["netns", "del", this.#name]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #furnish(archive: string): void {
    const tree = this.#tree;
    mkdirSync(tree);
    run("tar", ["-xf", archive, "-C", tree]);
    run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.identityFile]);
    run("chroot", [
      tree,
      "useradd",
      "--create-home",
      "--shell",
      "/bin/sh",
      "--uid",
      String(USER_ID),
      "-p",
      "*",
      "deploy",
    ]);
    for (const [home, id] of [["root", 0] as const, ["home/deploy", USER_ID] as const]) {
      const folder = join(tree, home, ".ssh");
      const keys = join(folder, "authorized_keys");
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(keys, readFileSync(`${this.identityFile}.pub`), { mode: 0o600 });
      for (const path of [folder, keys]) chownSync(path, id, id);
    }
    writeFileSync(join(tree, "etc/hostname"), "films\n");
    const hostKey = readFileSync(join(tree, "etc/ssh/ssh_host_ed25519_key.pub"), "utf8");
    writeFileSync(this.knownHosts, `${this.host} ${hostKey}`);
  }

  /** A wire to a network namespace that stays over reboots. */
  #connect(ownAddress: string): void {
    const name = this.#name;
    run("ip", ["netns", "add", name]);
    run("ip", ["link", "add", name, "type", "veth", "peer", "name", "host0", "netns", name]);
    run("ip", ["addr", "add", `${ownAddress}/30`, "dev", name]);
    run("ip", ["link", "set", name, "up"]);
    run("ip", ["-n", name, "addr", "add", `${this.host}/30`, "dev", "host0"]);
    for (const link of ["lo", "host0"]) run("ip", ["-n", name, "link", "set", link, "up"]);
  }

  #boot(): void {
    const log = openSync(join(this.#folder, "console.log"), "a");
    const network = `--network-namespace-path=/run/netns/${this.#name}`;
    const how = ["--boot", "--register=no", "--keep-unit", "--console=read-only", "--quiet", network];
    const nspawn = ["systemd-nspawn", `--directory=${this.#tree}`, `--machine=${this.#name}`, ...how];
    const child = spawn("/bin/sh", ["-c", IN_OWN_GROUPS, "sh", this.#name, ...nspawn], {
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
      stdio: ["ignore", log, log],
      detached: true,
    });
    this.#process = child;
    // Where /run is no filesystem of its own, systemd-nspawn ends instead of rebooting what it runs.
    child.once("exit", () => {
      if (!this.#isStopping) this.#boot();
    });
  }

  async #wait(formerBootId: string | null): Promise<void> {
    const look = async (): Promise<true | null> => {
      const id = await this.#bootId();
      return id !== "" && id !== formerBootId ? true : null;
    };
    await waitUntil("a machine that has booted", look, BOOT_LIMIT_MS);
  }

  /** Empty: nobody answers. */
  async #bootId(): Promise<string> {
    const { status, stdout } = await this.run("root", "cat /proc/sys/kernel/random/boot_id");
    return status === 0 ? stdout.trim() : "";
  }

  get #tree(): string {
    return join(this.#folder, "tree");
  }

  /** What runs in the machine lives on without systemd-nspawn. False: something still ends. */
  #emptyGroups(): boolean {
    const own = HIERARCHIES.map((each) => join(each, this.#name)).filter((path) => existsSync(path));
    try {
      for (const group of own) removeGroup(group);
      return true;
    } catch {
      return false;
    }
  }
}

const HIERARCHIES = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];
/** So that machines, and whatever else uses systemd-nspawn, are not in each other's way. */
const IN_OWN_GROUPS = `for d in ${HIERARCHIES.join(" ")}; do
  if [ -w "$d/cgroup.procs" ] && mkdir -p "$d/$1"; then echo $$ > "$d/$1/cgroup.procs"; fi
done
shift; exec "$@"`;

/** Kills what is in it. Throws while that ends. */
function removeGroup(path: string): void {
  for (const pid of readFileSync(join(path, "cgroup.procs"), "utf8").split("\n")) {
    if (Number(pid) > 1) process.kill(Number(pid), "SIGKILL");
  }
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  }
  rmdirSync(path);
}

/** Made once, and kept below `.cache`. */
async function rootFilesystem(): Promise<string> {
  const key = createHash("sha256").update(`${SUITE} ${PACKAGES}`).digest("hex").slice(0, 8);
  const archive = join(CACHE, `${SUITE}-${key}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(CACHE, { recursive: true });
  const temporary = join(CACHE, `.${process.pid}.tar`);
  try {
    const what = ["--variant=minbase", `--include=${PACKAGES}`, "--quiet", SUITE, temporary];
    const child = spawn("mmdebstrap", what, { stdio: ["ignore", "pipe", "pipe"], timeout: BUILD_LIMIT_MS });
    const { status, stderr } = await ended(child);
    if (status !== 0) throw new Error(`mmdebstrap: status ${status}\n${stderr.slice(-2000)}`);
    renameSync(temporary, archive);
  } finally {
    rmSync(temporary, { force: true });
  }
  return archive;
}

/** The first three numbers of one that this machine does not know. */
function freeSubnet(): string {
  const used = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
  for (let number = process.pid; number < process.pid + 250; number += 1) {
    const subnet = `10.213.${number % 250}`;
    if (!used.some((address) => address.startsWith(`${subnet}.`))) return subnet;
  }
  throw new Error("no subnet is free");
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: "pipe", timeout: COMMAND_LIMIT_MS });
}
