import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

const DOCKERD = "/usr/sbin/dockerd";
const CLIENT = "/usr/bin/docker";
const run = promisify(execFile);

/** Why tests with Docker can't run here; null: they can. */
export function whyNoDocker(): string | null {
  if (process.platform !== "linux") return "no Linux";
  if (isReachable()) return null;
  if (!existsSync(DOCKERD) || !existsSync(CLIENT)) return "no docker: apt-get install docker.io";
  if (process.getuid?.() !== 0) return "no docker daemon, and only root may start one";
  if (!mayMakeNetworks()) return "no docker daemon, and root may not make networks and mounts here";
  return placeOf("ip") !== null ? null : "no docker daemon, and no ip (iproute2) for a network of one";
}

/**
 * A Docker daemon for tests: the one that can be reached, or one of its own below a temporary folder, which changes nothing of
 * the machine but a bridge that goes with it.
 */
export class DockerHost {
  /** For whatever is to use this daemon. */
  readonly env: Readonly<Record<string, string>>;
  /** The client's file. */
  readonly client: string;
  readonly #folder: string;
  #daemon: ChildProcess | null = null;
  #bridge = "";

  private constructor(folder: string, client: string, env: Readonly<Record<string, string>>) {
    this.client = client;
    this.#folder = folder;
    this.env = env;
  }

  static async start(): Promise<DockerHost> {
    const folder = mkdtempSync(join(tmpdir(), "gl-docker-"));
    if (isReachable()) return new DockerHost(folder, placeOf("docker") ?? CLIENT, {});
    // The client that came with the daemon, whatever else stands on PATH.
    mkdirSync(join(folder, "bin"));
    symlinkSync(CLIENT, join(folder, "bin/docker"));
    const path = `${join(folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}`;
    const host = new DockerHost(folder, CLIENT, {
      DOCKER_HOST: `unix://${folder}/s`,
      DOCKER_BUILDKIT: "1",
      PATH: path,
    });
    try {
      await host.#startDaemon();
    } catch (error) {
      await host.stop();
      throw error;
    }
    return host;
  }

  /** What a call of the client writes; throws when it fails. */
  async docker(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, ...this.env };
    return (await run("docker", args, { env, maxBuffer: 16 << 20 })).stdout.trim();
  }

  /** An image that holds this Node and what it is linked with, FROM scratch: nothing can be pulled. */
  async buildNodeImage(tag: string): Promise<void> {
    const context = join(this.#folder, "image");
    const libraries =
      execFileSync(placeOf("ldd") ?? "", [process.execPath], { encoding: "utf8" }).match(/\/\S+/gu) ?? [];
    place(process.execPath, join(context, "root/node"));
    for (const library of libraries) place(library, join(context, `root${library}`));
    writeFileSync(join(context, "Dockerfile"), 'FROM scratch\nCOPY root /\nENTRYPOINT ["/node"]\n');
    await this.docker("build", "--quiet", "--tag", tag, context);
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon !== null && daemon.exitCode === null && daemon.signalCode === null) {
      daemon.kill("SIGTERM");
      await once(daemon, "exit");
    }
    if (this.#bridge !== "") ip(["link", "delete", this.#bridge]);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #startDaemon(): Promise<void> {
    const number = 16 + (process.pid % 200);
    const bridge = `gl${process.pid}`;
    ip(["link", "add", bridge, "type", "bridge"]);
    this.#bridge = bridge;
    ip(["address", "add", `10.213.${number}.1/24`, "dev", bridge]);
    ip(["link", "set", bridge, "up"]);
    const own = (name: string): string => join(this.#folder, name);
    const log = openSync(own("log"), "a");
    const places = [
      "--data-root",
      own("data"),
      "--exec-root",
      own("exec"),
      "--pidfile",
      own("pid"),
      "-H",
      `unix://${own("s")}`,
    ];
    // Ports of loopback go through its proxy, so that the machine's firewall stays as it is.
    const network = [
      "--bridge",
      bridge,
      "--iptables=false",
      "--ip6tables=false",
      "--ip-forward=false",
      "--ip-masq=false",
    ];
    const daemon = spawn(DOCKERD, [...places, ...network], { stdio: ["ignore", log, log] });
    this.#daemon = daemon;
    for (const until = Date.now() + 60_000; ;) {
      const answer = await this.docker("version", "--format", "{{.Server.Version}}").catch(() => "");
      if (answer !== "") return;
      if (daemon.exitCode !== null || Date.now() > until)
        throw new Error(`dockerd did not start:\n${readFileSync(own("log"), "utf8").slice(-3000)}`);
    }
  }
}

function isReachable(): boolean {
  try {
    execFileSync("docker", ["version"], { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

function ip(words: readonly string[]): void {
  execFileSync(placeOf("ip") ?? "", words, { stdio: "ignore" });
}

/** Bits 12 and 21: CAP_NET_ADMIN and CAP_SYS_ADMIN (linux/capability.h). Root within a container often has neither. */
function mayMakeNetworks(): boolean {
  const digits = /^CapEff:\s*([0-9a-f]+)$/mu.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const wanted = (1n << 12n) | (1n << 21n);
  return (BigInt(`0x${digits}`) & wanted) === wanted;
}

function placeOf(program: string): string | null {
  const places = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, program));
  return places.find((path) => existsSync(path)) ?? null;
}

function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  // Libraries are known by links to what they are.
  const real = realpathSync(from);
  try {
    linkSync(real, to);
  } catch {
    copyFileSync(real, to);
  }
}
